import { t } from '../i18n'
import type { Format, Integration } from '../types'

// formatsOf are the ways to connect that are offered: one is enough where the
// embedding page asks for it and there are several.
export function formatsOf(integration: Integration, wanted: string): Format[] {
  const chosen = integration.formats.filter(({ format }) => format === wanted)
  return chosen.length > 0 ? chosen : integration.formats
}

// formatName is what a way to connect is called, in words for people.
export function formatName(format: Format): string {
  switch (format.format) {
    case 'oauth2':
    case 'oauth':
      return t('way_signIn')
    case 'oauth2_client_credentials':
      return t('way_client')
    case 'api_key':
      return format.fields?.some(({ name }) => name === 'password') ? t('way_password') : t('way_apiKey')
    case 'keka_oauth':
      return t('way_apiKey')
  }
  return format.label
}
