import { has, t } from '../i18n'
import { currentMode } from '../outlet'
import type { Attempt } from '../types'
import { Notice } from '../ui/Notice'
import { Stages } from './Stages'

interface Props {
  app: string
  attempt: Attempt
  onRetry: () => void
  onChoose: (() => void) | undefined
  onLeave: () => void
}

// The vendor's own words help with these; others are said better by ours.
const telling = new Set(['vendor_refused', 'app_refused', 'settings'])

// Failed says what went wrong, and what can be done about it.
export function Failed({ app, attempt, onRetry, onChoose, onLeave }: Props) {
  const { error_type: type, error_code: code, error } = attempt
  const title = type === 'post_install_error' ? t('postInstallErrorTitle', { app }) : type === 'validation_error' ? t('validationErrorTitle', { app }) : t('connectionErrorTitle', { app })
  const after = type === 'post_install_error' || type === 'validation_error'
  const back = currentMode() === 'same_window' ? attempt.return_url : null
  return (
    <Notice kind="error" title={title}>
      <p>{type === 'post_install_error' ? t('postInstallErrorText') : type === 'validation_error' ? t('validationErrorText') : reason(code, app)}</p>
      {after && <Stages attempt={attempt} />}
      {error && (after || telling.has(code ?? '')) && <p class="details">{t('details', { reason: error })}</p>}
      <div class="actions">
        {code !== 'link_token_used' && (
          <button type="button" class="primary" onClick={onRetry}>
            {t('tryAgain')}
          </button>
        )}
        {onChoose && code !== 'link_token_used' && (
          <button type="button" class="secondary" onClick={onChoose}>
            {t('chooseAnother')}
          </button>
        )}
        {back ? (
          <a class="quiet" href={back}>
            {t('returnNow')}
          </a>
        ) : (
          currentMode() !== 'same_window' && (
            <button type="button" class="quiet" onClick={onLeave}>
              {t('close')}
            </button>
          )
        )}
      </div>
    </Notice>
  )
}

function reason(code: string | null, app: string): string {
  const key = `why_${code ?? ''}`
  return t(has(key) ? key : 'why_other', { app })
}
