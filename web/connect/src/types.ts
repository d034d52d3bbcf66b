// What the server answers, as openapi.json describes it.

export interface Theme {
  logo_url: string | null
  logo_dark_url: string | null
  accent_color: string | null
  accent_color_dark: string | null
  background_color: string | null
  background_color_dark: string | null
  show_badge: boolean
}

export interface Session {
  environment: { name: string; theme: Theme }
  is_sandbox: boolean
  redirect_uri: string | null
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

export type FormatName = 'oauth2' | 'api_key' | 'oauth2_client_credentials' | 'keka_oauth' | 'oauth'

export interface Format {
  format: FormatName
  label: string
  fields: Field[] | null
  documentation_link: string | null
  permissions_text: string | null
  scopes: Scope[] | null
  redirects: boolean
  device: boolean
}

export interface Scope {
  scope: string
  description: string | null
}

export type Scalar = string | number | boolean

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
  options: { label: string; value: Scalar }[] | null
}

export type Status = 'redirect' | 'working' | 'succeeded' | 'failed'
export type StageName = 'credentials' | 'post_install' | 'validation'
export type StageStatus = 'pending' | 'running' | 'done' | 'failed'

export interface Attempt {
  id: string
  status: Status
  redirect_url: string | null
  user_code: string | null
  verification_uri: string | null
  verification_uri_complete: string | null
  integration: string
  format: FormatName
  integrated_account_id: string | null
  error: string | null
  error_type: ConnectErrorType | null
  error_code: string | null
  stages: { name: StageName; status: StageStatus }[]
  missing_scopes: string[] | null
  form: boolean
  return_url: string | null
  expires_at: string | null
}

export type ConnectErrorType = 'connection_error' | 'post_install_error' | 'validation_error'
export type ErrorType = ConnectErrorType | 'invalid_token' | 'invalid_integration' | 'rapid_form_error'

// The form that follows a connection.

export interface PostForm {
  integrated_account_id: string
  integration: { name: string; label: string; logo: string | null }
  fields: PostField[]
  values: Values
}

export type Value = Scalar | null | Value[] | { [name: string]: Value }
export type Values = Record<string, Value | undefined>

export interface PostField {
  name: string
  type: 'single_select' | 'multi_select' | 'text' | 'password' | 'checkbox' | 'hidden'
  label: string
  help_text: string
  placeholder: string
  required: boolean
  depends_on: string[]
  disabled_text: string
  default?: Value
  has_data_source: boolean
  options: PostOption[]
}

export interface PostOption {
  value: Value
  label: string
  subText: string
}
