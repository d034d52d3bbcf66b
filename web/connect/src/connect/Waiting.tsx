import { useState } from 'preact/hooks'
import { t } from '../i18n'
import { Notice } from '../ui/Notice'
import type { Beside } from './beside'

interface Props {
  app: string
  address: string | null
  beside: Beside
  offline: boolean
  onCancel: () => void
}

// Waiting is the page in a frame while the customer is at the vendor.
export function Waiting({ app, address, beside, offline, onCancel }: Props) {
  const [blocked, setBlocked] = useState(beside.blocked)
  function cancel() {
    beside.close()
    onCancel()
  }
  return (
    <Notice kind={blocked ? 'warning' : 'plain'} title={t(blocked ? 'blockedTitle' : 'waitingTitle')}>
      <p>{t(blocked ? 'blockedText' : 'waitingText', { app })}</p>
      <p role="status">{offline && t('offline')}</p>
      <div class="actions">
        {blocked && address && (
          // A link that the customer follows is not blocked.
          <a class="primary" href={address} target="_blank" rel="noopener noreferrer" onClick={() => setBlocked(false)}>
            {t('blockedOpen', { app })} <span class="hidden">{t('newWindow')}</span>
          </a>
        )}
        {!blocked && address && (
          <button type="button" class="secondary" onClick={() => setBlocked(!beside.reopen(address))}>
            {t('waitingAgain')}
          </button>
        )}
        <button type="button" class="quiet" onClick={cancel}>
          {t('cancel')}
        </button>
      </div>
    </Notice>
  )
}
