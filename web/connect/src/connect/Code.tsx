import { t } from '../i18n'
import { Notice } from '../ui/Notice'

interface Props {
  app: string
  code: string
  address: string
  offline: boolean
  onCancel: () => void
}

// Code is the page while the customer types a code at the vendor, on any device.
export function Code({ app, code, address, offline, onCancel }: Props) {
  return (
    <Notice kind="plain" title={t('codeTitle', { app })}>
      <p class="code">{code}</p>
      <p>{t('codeText', { app })}</p>
      <p role="status">{offline && t('offline')}</p>
      <div class="actions">
        <a class="primary" href={address} target="_blank" rel="noopener noreferrer">
          {t('blockedOpen', { app })} <span class="hidden">{t('newWindow')}</span>
        </a>
        <button type="button" class="quiet" onClick={onCancel}>
          {t('cancel')}
        </button>
      </div>
    </Notice>
  )
}
