import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n'
import { saySuccess } from '../outlet'
import type { Params } from '../params'
import type { Attempt } from '../types'
import { Notice } from '../ui/Notice'
import { Completion } from './Completion'

interface Props {
  app: string
  attempt: Attempt
  token: string
  params: Params
  // The words for scopes, by scope.
  scopes: Map<string, string>
}

const notice = 1500 // milliseconds for which the way back is announced

// Succeeded tells the embedding page, or goes back to where the customer came
// from. What was not allowed is shown first, to be read before anything fails, and
// then the form that completes the account, where there is one.
export function Succeeded({ app, attempt, token, params, scopes }: Props) {
  const missing = attempt.missing_scopes ?? []
  const [read, setRead] = useState(missing.length === 0)
  const [complete, setComplete] = useState(!attempt.form || params.skipForm)
  const tell = () => saySuccess(attempt.integration, attempt.integrated_account_id ?? '')

  useEffect(() => {
    if (!read || !complete) {
      // Whoever closes the window now is connected all the same.
      addEventListener('pagehide', tell)
      return () => removeEventListener('pagehide', tell)
    }
    tell()
    if (!attempt.return_url || window.parent !== window) {
      return undefined
    }
    const timer = setTimeout(() => location.replace(attempt.return_url!), notice)
    return () => clearTimeout(timer)
  }, [read, complete])

  if (!read) {
    return (
      <Notice kind="warning" title={t('missingTitle', { app })}>
        <div class="access">
          <p>{t('missingText')}</p>
          <ul>
            {missing.map((scope) => (
              <li key={scope}>{scopes.get(scope) ?? scope}</li>
            ))}
          </ul>
          <p>{t('missingHelp', { app })}</p>
        </div>
        <div class="actions">
          <button type="button" class="primary" onClick={() => setRead(true)}>
            {t('continue')}
          </button>
        </div>
      </Notice>
    )
  }
  if (!complete) {
    return <Completion token={token} params={params} onDone={() => setComplete(true)} />
  }
  return (
    <Notice kind="success" title={t('successTitle', { app })}>
      {attempt.return_url ? (
        <>
          <p role="status">{t('successReturn')}</p>
          <p>
            <a href={attempt.return_url}>{t('returnNow')}</a>
          </p>
        </>
      ) : (
        <p>{t('successClose')}</p>
      )}
    </Notice>
  )
}
