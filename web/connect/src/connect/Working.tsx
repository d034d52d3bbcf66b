import { t } from '../i18n'
import type { Attempt } from '../types'
import { Notice } from '../ui/Notice'
import { Stages } from './Stages'

export function Working({ app, attempt, offline }: { app: string; attempt: Attempt; offline: boolean }) {
  return (
    <Notice kind="plain" title={t('workingTitle', { app })}>
      <div aria-live="polite">
        <Stages attempt={attempt} />
        {offline && <p>{t('offline')}</p>}
      </div>
    </Notice>
  )
}
