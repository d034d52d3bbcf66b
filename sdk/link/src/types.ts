export type AuthFormat = 'api_key' | 'oauth2' | 'oauth2_client_credentials' | 'keka_oauth' | 'oauth'

export type ErrorType = 'invalid_token' | 'invalid_integration' | 'connection_error' | 'post_install_error' | 'validation_error' | 'rapid_form_error'

/** How the page is shown. It is a frame over your page unless one of these says otherwise. */
export interface WindowOptions {
  /** The address of your Sinew, such as https://connect.example.com; that of your own page unless given. */
  baseUrl?: string
  /** false opens a window instead of a frame. Call from a click then, or the browser blocks it. */
  iframe?: boolean
  /** Goes there with the whole page. The promise never settles: the customer comes back to the redirect_uri of the link token. */
  sameWindow?: boolean
  /** The size of the window in pixels; 700 × 800 unless given. */
  width?: number
  height?: number
}

export interface AuthenticateOptions extends WindowOptions {
  /** The name of the integration that is shown at once. */
  integration?: string
  /** The names of the integrations that are offered; all unless given. */
  integrations?: string[]
  /** Takes the way back to the other integrations away. */
  noBack?: boolean
  /** The way to connect, for integrations with several. */
  authFormat?: AuthFormat
  /** Leaves out the form that follows a connection. */
  skipRapidForm?: boolean
}

export interface RapidFormOptions extends WindowOptions {
  integration?: string
  /** What your page knows: the form's templates and expressions read it. */
  additionalContext?: Record<string, unknown>
  /** Fields in which no option may be taken away, with the reason. */
  preventDeselect?: Record<string, { message: string }>
  /** Fields that may not be changed, with the reason. */
  disabledFields?: Record<string, { message: string }>
}

export interface LinkResult {
  result: 'success'
  integration: string
  integrated_account_id: string
}

/** What went wrong on the page. Promises also reject with the texts "closed" and "blocked". */
export class LinkError extends Error {
  readonly result = 'error'
  readonly error: string
  readonly error_type: ErrorType
  readonly integration: string
  /** The account, once there is one. */
  readonly integrated_account_id?: string

  constructor(message: { error: string; error_type: ErrorType; integration: string; integrated_account_id?: string }) {
    super(message.error)
    this.name = 'LinkError'
    this.error = message.error
    this.error_type = message.error_type
    this.integration = message.integration
    if (message.integrated_account_id !== undefined) {
      this.integrated_account_id = message.integrated_account_id
    }
  }
}
