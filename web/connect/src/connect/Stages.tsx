import { t } from '../i18n'
import type { Attempt } from '../types'
import { AlertIcon, CheckIcon } from '../ui/icons'

// Stages say how far an attempt is.
export function Stages({ attempt }: { attempt: Attempt }) {
  return (
    <ol class="stages">
      {attempt.stages.map(({ name, status }) => (
        <li key={name} class={status}>
          <span class="mark" aria-hidden="true">
            {status === 'done' && <CheckIcon />}
            {status === 'failed' && <AlertIcon />}
            {status === 'running' && <span class="spinner small" />}
          </span>
          <span>
            {t(`stage_${name}`)} <small>{t(`state_${status}`)}</small>
          </span>
        </li>
      ))}
    </ol>
  )
}
