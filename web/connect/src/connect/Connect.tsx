import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, authorize, getSession } from '../api'
import { t } from '../i18n'
import { closeWindow, currentMode, sayClosed, sayError, saySuccess } from '../outlet'
import { pageParameters, showAttempt, type Params } from '../params'
import type { Attempt, Format, Integration, Session } from '../types'
import { Loading, Notice } from '../ui/Notice'
import { Page } from '../ui/Page'
import { Beside } from './beside'
import { Choose } from './Choose'
import { Code } from './Code'
import { Details } from './Details'
import { Drafts } from './drafts'
import { Failed } from './Failed'
import { follow } from './follow'
import { formatsOf } from './formats'
import { Succeeded } from './Succeeded'
import { Waiting } from './Waiting'
import { Working } from './Working'

type View =
  | { at: 'loading' | 'broken' | 'invalid_token' | 'invalid_integration' | 'choose' }
  | { at: 'details' | 'going'; integration: Integration }
  | { at: 'attempt'; attempt: Attempt }

// Connect takes a customer from the choice of an integration to the connected
// account. What is shown of an attempt is what the server says about it.
export function Connect({ params }: { params: Params }) {
  const [session, setSession] = useState<Session>()
  const [view, setView] = useState<View>({ at: 'loading' })
  const [offline, setOffline] = useState(false)
  const drafts = useRef(new Drafts())
  const beside = useRef(new Beside())
  const lastFormat = useRef(params.authFormat)

  const token = params.linkToken
  const attempt = view.at === 'attempt' ? view.attempt : undefined
  const integrations = session ? offered(session, params) : []
  const only = integrations.length === 1 ? integrations[0] : undefined
  const canChoose = !params.noBack && !only && !session?.reconnect
  const app = labelOf(session, attempt?.integration ?? params.integration)

  useEffect(() => void load(), [])

  async function load() {
    setView({ at: 'loading' })
    try {
      const found = await open(token, params)
      setSession(found)
      begin(found)
    } catch (error) {
      refuse(error as ApiError)
    }
  }

  // begin shows the attempt that is under way, or what can be chosen.
  function begin(found: Session) {
    const list = offered(found, params)
    const left = drafts.current.comeBack(token)
    const wanted = found.reconnect?.integration ?? (params.integration || (list.length === 1 ? list[0]!.name : (left?.integration ?? '')))
    if (left && left.integration === (found.attempt?.integration ?? wanted)) {
      lastFormat.current ||= left.format
    }
    if (found.attempt && isHere(found.attempt)) {
      show(found.attempt)
      return
    }
    // Whoever comes back from the vendor by the Back button wants to begin again.
    showAttempt('')
    const integration = found.integrations.find(({ name }) => name === (found.attempt?.integration ?? wanted))
    setView(integration ? { at: 'details', integration } : { at: 'choose' })
  }

  function refuse(error: ApiError) {
    if (error.code === 'invalid_integration') {
      setView({ at: 'invalid_integration' })
      sayError('invalid_integration', error.message, params.integration)
    } else if (error.status === 401 || error.status === 403) {
      setView({ at: 'invalid_token' })
      sayError('invalid_token', error.message, params.integration)
    } else {
      setView({ at: 'broken' })
    }
  }

  function show(next: Attempt) {
    if (isHere(next)) {
      showAttempt(next.id)
    }
    if (next.status === 'succeeded' || next.status === 'failed') {
      beside.current.close()
    }
    if (next.status === 'succeeded') {
      drafts.current.forget()
    }
    setView({ at: 'attempt', attempt: next })
  }

  async function submit(integration: Integration, format: Format, values: Record<string, unknown>, device: boolean) {
    const mode = device ? 'device' : currentMode()
    lastFormat.current = format.format
    const page = pageParameters()
    if (!tabRemembers(token)) {
      page['link_token'] = token
    }
    if (format.redirects && mode === 'iframe') {
      beside.current.prepare()
    }
    let next: Attempt
    try {
      next = await authorize(token, integration.name, { format: format.format, values, mode, page })
    } catch (error) {
      beside.current.close()
      const refusal = error as ApiError
      if (refusal.status === 401 || refusal.code === 'invalid_integration') {
        refuse(refusal)
        return
      }
      throw error
    }
    if (next.status === 'redirect' && next.redirect_url && !next.user_code && mode !== 'iframe') {
      drafts.current.leave(token, integration, format)
      setView({ at: 'going', integration })
      location.assign(next.redirect_url)
      return
    }
    if (next.redirect_url && !next.user_code) {
      beside.current.go(next.redirect_url)
    } else {
      beside.current.close()
    }
    show(next)
  }

  // The server is asked until the attempt has ended, whatever becomes of windows.
  const waiting = attempt && (attempt.status === 'redirect' || attempt.status === 'working') ? attempt.id : undefined
  useEffect(() => {
    if (!waiting || !attempt) {
      return undefined
    }
    return follow(token, attempt, {
      onChange: (next) => show({ ...next, redirect_url: next.redirect_url ?? attempt.redirect_url }),
      onOffline: setOffline,
      onRefusal: refuse,
    })
  }, [waiting])

  function leave() {
    beside.current.close()
    if (attempt?.status === 'failed') {
      sayError(attempt.error_type ?? 'connection_error', attempt.error ?? '', attempt.integration, attempt.integrated_account_id)
    } else if (attempt?.status === 'succeeded') {
      saySuccess(attempt.integration, attempt.integrated_account_id ?? '')
    } else {
      sayClosed()
    }
    closeWindow()
  }

  function backToChoice() {
    showAttempt('')
    drafts.current.forget()
    setView({ at: 'choose' })
  }

  function choose(integration: Integration) {
    setView({ at: 'details', integration })
  }

  function retry() {
    showAttempt('')
    const integration = session?.integrations.find(({ name }) => name === attempt?.integration)
    setView(integration ? { at: 'details', integration } : { at: 'choose' })
  }

  function content() {
    switch (view.at) {
      case 'loading':
        return <Loading text={t('loading')} />
      case 'broken':
        return (
          <Notice kind="error" title={t('brokenTitle')}>
            <p>{t('brokenText')}</p>
            <button type="button" class="primary" onClick={() => void load()}>
              {t('tryAgain')}
            </button>
          </Notice>
        )
      case 'invalid_token':
        return (
          <Notice kind="error" title={t('invalidTokenTitle')}>
            <p>{t('invalidTokenText')}</p>
          </Notice>
        )
      case 'invalid_integration':
        return (
          <Notice kind="error" title={t('invalidIntegrationTitle')}>
            <p>{t('invalidIntegrationText')}</p>
          </Notice>
        )
      case 'choose':
        return <Choose integrations={integrations} onChoose={choose} />
      case 'details':
        return (
          <Details
            key={view.integration.name}
            integration={view.integration}
            formats={formatsOf(view.integration, params.authFormat)}
            first={lastFormat.current}
            again={Boolean(session?.reconnect)}
            sandbox={Boolean(session?.is_sandbox)}
            drafts={drafts.current}
            onBack={canChoose ? backToChoice : undefined}
            onSubmit={(format, values, device) => submit(view.integration, format, values, device)}
          />
        )
      case 'going':
        return <Loading text={t('goingTitle', { app: view.integration.label })} />
      case 'attempt':
        return ending(view.attempt)
    }
  }

  function ending(shown: Attempt) {
    switch (shown.status) {
      case 'redirect':
        if (shown.user_code && shown.verification_uri) {
          return <Code app={app} attempt={shown} code={shown.user_code} address={shown.verification_uri} offline={offline} onCancel={retry} />
        }
        return <Waiting app={app} address={shown.redirect_url} beside={beside.current} offline={offline} onCancel={retry} />
      case 'working':
        return <Working app={app} attempt={shown} offline={offline} />
      case 'failed':
        return <Failed app={app} attempt={shown} onRetry={retry} onChoose={canChoose ? backToChoice : undefined} onLeave={leave} />
      case 'succeeded':
        return <Succeeded app={app} attempt={shown} token={token} params={params} scopes={scopesOf(session, shown)} />
    }
  }

  return (
    <Page theme={session?.environment.theme} name={session?.environment.name} wide={view.at === 'choose'} onClose={leave}>
      {content()}
    </Page>
  )
}

// open reads the session. An attempt that is not this link's is forgotten.
async function open(token: string, params: Params): Promise<Session> {
  if (token === '') {
    throw new ApiError(401, 'invalid_token', t('invalidTokenTitle'))
  }
  const query = { integration: params.integration, attempt: params.attempt }
  try {
    return await getSession(token, query)
  } catch (error) {
    const { status, code } = error as ApiError
    if (status === 404 && code !== 'invalid_integration' && params.attempt !== '') {
      return getSession(token, { ...query, attempt: '' })
    }
    throw error
  }
}

// isHere tells an attempt that goes on in this page from one at the vendor.
function isHere(attempt: Attempt): boolean {
  return attempt.status !== 'redirect' || Boolean(attempt.user_code)
}

// offered are the integrations that the embedding page wants to be shown.
function offered(session: Session, params: Params): Integration[] {
  if (params.integrations.length === 0 || session.reconnect) {
    return session.integrations
  }
  return session.integrations.filter(({ name }) => params.integrations.includes(name) || name === params.integration)
}

function labelOf(session: Session | undefined, name: string): string {
  return session?.integrations.find((one) => one.name === name)?.label ?? name
}

// scopesOf are the words for the scopes of an attempt.
function scopesOf(session: Session | undefined, attempt: Attempt): Map<string, string> {
  const integration = session?.integrations.find(({ name }) => name === attempt.integration)
  const scopes = integration?.formats.find(({ format }) => format === attempt.format)?.scopes ?? []
  return new Map(scopes.map(({ scope, description }) => [scope, description ?? scope]))
}

function tabRemembers(token: string): boolean {
  try {
    return sessionStorage.getItem('link_token') === token
  } catch {
    return false
  }
}

