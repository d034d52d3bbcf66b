import { openFrame } from './frame.js'
import { openPopup } from './popup.js'
import type { AuthenticateOptions, LinkResult, RapidFormOptions, WindowOptions } from './types.js'

export { ApiError, Client } from './client.js'
export type { Attempt, ClientOptions, Field, Format, Integration, Session, Submission, WaitOptions } from './client.js'
export { LinkError } from './types.js'
export type { AuthenticateOptions, AuthFormat, ErrorType, LinkResult, RapidFormOptions, WindowOptions } from './types.js'

/**
 * Opens the connect page. Resolves when the customer has connected an account, and
 * rejects with a LinkError, or with the text "closed" or "blocked".
 */
export function authenticate(linkToken: string, options: AuthenticateOptions = {}): Promise<LinkResult> {
  const address = pageAddress('connect-account', options)
  const query = address.searchParams
  query.set('link_token', linkToken)
  if (options.integration) {
    query.set('integration', options.integration)
  }
  if (options.integrations && options.integrations.length > 0) {
    query.set('integrations', options.integrations.join(','))
  }
  if (options.noBack) {
    query.set('no_back', 'true')
  }
  if (options.authFormat) {
    query.set('auth_format', options.authFormat)
  }
  if (options.skipRapidForm) {
    query.set('skip_rapid_form', 'true')
  }
  return open(address, 'Sinew Connect', options)
}

export default authenticate

/**
 * Opens the form that completes a connected account, by an integrated account
 * token. Resolves when it is saved.
 */
export function rapidForm(integratedAccountToken: string, options: RapidFormOptions = {}): Promise<LinkResult> {
  const address = pageAddress('connect-account/post-connect', options)
  const query = address.searchParams
  query.set('integrated_account_session_token', integratedAccountToken)
  if (options.integration) {
    query.set('integration', options.integration)
  }
  for (const [name, value] of [
    ['truto_additional_context', options.additionalContext],
    ['truto_prevent_deselect', options.preventDeselect],
    ['truto_disabled_fields', options.disabledFields],
  ] as const) {
    if (value) {
      query.set(name, JSON.stringify(value))
    }
  }
  return open(address, 'Sinew Form', options)
}

function pageAddress(path: string, options: WindowOptions): URL {
  const base = options.baseUrl ?? location.origin
  return new URL(path, base.endsWith('/') ? base : `${base}/`)
}

function open(address: URL, name: string, options: WindowOptions): Promise<LinkResult> {
  return new Promise((resolve, reject) => {
    if (options.sameWindow) {
      location.assign(address)
    } else if (options.iframe === false) {
      openPopup(address, name, options, { resolve, reject })
    } else {
      address.searchParams.set('iframe', 'true')
      openFrame(address, { resolve, reject })
    }
  })
}
