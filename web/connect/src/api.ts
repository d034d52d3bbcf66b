import type { Attempt, PostForm, PostOption, Session, Status, Values } from './types'

export interface Failure {
  path: string
  message: string
  code: string
}

// ApiError is a refusal of the server; status 0 says that it could not be reached.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly failures: Failure[] = [],
  ) {
    super(message)
  }
}

// The page may be served below a path.
const base = location.pathname.replace(/\/connect-account(\/.*)?$/, '')

async function call<T>(token: string, method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response
  try {
    response = await fetch(base + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      credentials: 'omit',
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    if (signal?.aborted) {
      throw cause
    }
    throw new ApiError(0, 'offline', '')
  }
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) {
    return answer as T
  }
  const refusal = (answer ?? {}) as { code?: string; message?: string | string[]; details?: { failures?: Failure[] } }
  const message = Array.isArray(refusal.message) ? refusal.message.join(' ') : (refusal.message ?? response.statusText)
  throw new ApiError(response.status, refusal.code ?? '', message, refusal.details?.failures ?? [])
}

export function getSession(token: string, query: { integration: string; attempt: string }): Promise<Session> {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  return call(token, 'GET', `/connect/session?${search}`)
}

export interface Submission {
  format: string
  values: Record<string, unknown>
  mode: string
  page: Record<string, string>
}

export function authorize(token: string, integration: string, body: Submission): Promise<Attempt> {
  return call(token, 'POST', `/connect/${encodeURIComponent(integration)}/authorize`, body)
}

// awaitAttempt answers as soon as the attempt has another status, or after a while.
export function awaitAttempt(token: string, id: string, status: Status, signal: AbortSignal): Promise<Attempt> {
  return call(token, 'GET', `/connect/session/attempt/${encodeURIComponent(id)}?wait=25&status=${status}`, undefined, signal)
}

export function getForm(token: string): Promise<PostForm> {
  return call(token, 'GET', '/connect/form')
}

export interface OptionsQuery {
  field: string
  values: Values
  search: string
  cursor: string
  additional_context: Record<string, unknown>
}

export function getOptions(token: string, query: OptionsQuery, signal: AbortSignal): Promise<{ result: PostOption[]; next_cursor: string | null }> {
  return call(token, 'POST', '/connect/form/options', query, signal)
}

export interface FormSubmission {
  values: Values
  additional_context: Record<string, unknown>
  prevent_deselect: Record<string, unknown>
  disabled_fields: Record<string, unknown>
}

export function submitForm(token: string, body: FormSubmission): Promise<{ integrated_account_id: string }> {
  return call(token, 'POST', '/link-token/post-connect-form', body)
}
