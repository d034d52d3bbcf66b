import type { AuthFormat, ErrorType } from './types.js'

/** What a link token lets its holder choose from; openapi.json describes it in full. */
export interface Session {
  environment: { name: string; theme: Record<string, string | boolean | null> }
  tenant_id: string
  is_sandbox: boolean
  redirect_uri: string | null
  expires_at: string
  reconnect: { integrated_account_id: string; integration: string } | null
  integrations: Integration[]
  attempt: Attempt | null
}

export interface Integration {
  name: string
  label: string
  category: string
  logo: string | null
  formats: Format[]
}

export interface Format {
  format: AuthFormat
  label: string
  fields: Field[] | null
  documentation_link: string | null
  permissions_text: string | null
  scopes: { scope: string; description: string | null }[] | null
  /** Whether the customer is sent to the vendor in a window of the browser. */
  redirects: boolean
  /** Whether the customer may connect by a code that is typed at the vendor; the only way where redirects is false. */
  device: boolean
}

export interface Field {
  name: string
  label: string
  type: 'text' | 'password' | 'single_select'
  required: boolean
  default: string | null
  format: string | null
  pattern: string | null
  placeholder: string | null
  help_text: string | null
  options: { label: string; value: string | number | boolean }[] | null
}

/** One try to connect. */
export interface Attempt {
  id: string
  status: 'redirect' | 'working' | 'succeeded' | 'failed'
  /** Where to send the customer; in the answer that makes the attempt only. */
  redirect_url: string | null
  /** The code that the customer types at verification_uri (RFC 8628). */
  user_code: string | null
  verification_uri: string | null
  verification_uri_complete: string | null
  integration: string
  format: AuthFormat
  integrated_account_id: string | null
  error: string | null
  error_type: ErrorType | null
  error_code: string | null
  stages: { name: string; status: 'pending' | 'running' | 'done' | 'failed' }[]
  requested_scopes: string[] | null
  granted_scopes: string[] | null
  missing_scopes: string[] | null
  /** Whether a form follows that completes the account. */
  form: boolean
  return_url: string | null
  expires_at: string | null
}

/** A refusal of the server. The failures name what is wrong, as values.FIELD. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly failures: { path: string; message: string; code: string }[],
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

export interface ClientOptions {
  /** The address of your Sinew; that of your own page unless given. */
  baseUrl?: string
}

export interface Submission {
  format: AuthFormat
  /** What the customer has filled in, by the names of the fields. */
  values?: Record<string, unknown>
  /** Whether the customer connects by a code, where the format says device. */
  device?: boolean
}

export interface WaitOptions {
  signal?: AbortSignal
  /** Called with every change, such as a stage that is done. */
  onChange?: (attempt: Attempt) => void
}

/** Connects accounts with a page of your own. */
export class Client {
  readonly #base: string
  readonly #token: string

  constructor(linkToken: string, options: ClientOptions = {}) {
    this.#base = (options.baseUrl ?? location.origin).replace(/\/+$/, '')
    this.#token = linkToken
  }

  /** What can be connected, with the fields of each way. */
  session(query: { integration?: string; attempt?: string } = {}): Promise<Session> {
    return this.#call('GET', `/connect/session?${new URLSearchParams(query as Record<string, string>)}`)
  }

  /**
   * Begins to connect. Open the redirect_url of the answer, where it has one, in a
   * window that the customer's click opened, and wait meanwhile. With a user_code,
   * show that and the verification_uri in its place.
   */
  authorize(integration: string, { format, values = {}, device = false }: Submission): Promise<Attempt> {
    return this.#call('POST', `/connect/${encodeURIComponent(integration)}/authorize`, { format, values, mode: device ? 'device' : 'iframe' })
  }

  attempt(id: string): Promise<Attempt> {
    return this.#call('GET', `/connect/session/attempt/${encodeURIComponent(id)}`)
  }

  /** Resolves when an attempt has ended, well or not. */
  async wait(attempt: Attempt, { signal, onChange }: WaitOptions = {}): Promise<Attempt> {
    let known = attempt
    while (known.status === 'redirect' || known.status === 'working') {
      const path = `/connect/session/attempt/${encodeURIComponent(known.id)}?wait=25&status=${known.status}`
      let next: Attempt
      try {
        next = await this.#call<Attempt>('GET', path, undefined, signal)
      } catch (error) {
        // Lost connections and restarts end nothing: the server knows how it goes.
        if (signal?.aborted || (error instanceof ApiError && error.status < 500 && error.status !== 429)) {
          throw error
        }
        await new Promise((resolve) => setTimeout(resolve, 1500))
        continue
      }
      if (JSON.stringify(next) !== JSON.stringify(known)) {
        onChange?.(next)
      }
      known = next
    }
    return known
  }

  async #call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { Authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      credentials: 'omit',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
    const answer = await response.json().catch(() => null)
    if (!response.ok) {
      const message: unknown = answer?.message
      throw new ApiError(response.status, answer?.code ?? '', Array.isArray(message) ? message.join(' ') : String(message ?? response.statusText), answer?.details?.failures ?? [])
    }
    return answer as T
  }
}
