// What the address of the page says. The link token is taken out of it at once, so
// that it is in no history, screenshot or referrer; the tab remembers it for
// reloads and for the way back from the vendor.

export interface Params {
  linkToken: string
  integration: string
  integrations: string[]
  noBack: boolean
  authFormat: string
  skipForm: boolean
  attempt: string
  window: string
  lang: string
  // Of the form that follows a connection.
  accountToken: string
  additionalContext: Record<string, unknown>
  preventDeselect: Record<string, Message>
  disabledFields: Record<string, Message>
}

export interface Message {
  message?: string
}

const asked = 'asked' // the place of the query in the memory of the tab
const secrets = ['link_token', 'integrated_account_session_token'] as const

export function readParams(): Params {
  const address = new URL(location.href)
  if (address.searchParams.has('again')) {
    // The way on from a page that could not know what this one was asked for.
    address.search = recall(asked)
  }
  const query = address.searchParams
  const [linkToken, accountToken] = secrets.map((name) => {
    const given = query.get(name)
    if (given === null) {
      return recall(name)
    }
    if (remember(name, given)) {
      query.delete(name)
    }
    return given
  })
  if (address.href !== location.href) {
    history.replaceState(null, '', address)
  }
  if (!query.has('window') && !query.has('attempt')) {
    remember(asked, address.search)
  }
  return {
    linkToken: linkToken ?? '',
    accountToken: accountToken ?? '',
    integration: query.get('integration') ?? '',
    integrations: (query.get('integrations') ?? '').split(',').map((name) => name.trim()).filter(Boolean),
    noBack: query.get('no_back') === 'true',
    authFormat: query.get('auth_format') ?? '',
    skipForm: query.get('skip_rapid_form') === 'true',
    attempt: query.get('attempt') ?? '',
    window: query.get('window') ?? '',
    lang: query.get('lang') ?? '',
    additionalContext: readObject(query.get('truto_additional_context')),
    preventDeselect: readObject(query.get('truto_prevent_deselect')) as Record<string, Message>,
    disabledFields: readObject(query.get('truto_disabled_fields')) as Record<string, Message>,
  }
}

// pageParameters are what the page needs again when the vendor is done. The token
// is among them only where the tab cannot remember it.
export function pageParameters(): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (name !== 'attempt' && name !== 'window' && /^[A-Za-z]\w{0,63}$/.test(name)) {
      kept[name] = value
    }
  }
  return kept
}

// showAttempt puts the attempt into the address, so that a reload shows it again;
// "" takes it out.
export function showAttempt(id: string): void {
  const address = new URL(location.href)
  if (id === '') {
    address.searchParams.delete('attempt')
  } else {
    address.searchParams.set('attempt', id)
  }
  history.replaceState(null, '', address)
}

function readObject(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

// A browser may refuse storage, most of all in frames.

function remember(name: string, value: string): boolean {
  try {
    sessionStorage.setItem(name, value)
    return sessionStorage.getItem(name) === value
  } catch {
    return false
  }
}

function recall(name: string): string {
  try {
    return sessionStorage.getItem(name) ?? ''
  } catch {
    return ''
  }
}
