import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { t } from '../i18n'

interface FrameProps {
  id: string
  label: string
  required: boolean
  help: string | null
  problem: string | undefined
  children: ComponentChildren
}

// FieldFrame is what stands around every field: the label above, the help and what
// is wrong below.
export function FieldFrame({ id, label, required, help, problem, children }: FrameProps) {
  return (
    <div class={problem ? 'field bad' : 'field'}>
      <label for={id}>
        {label}
        {!required && <span class="optional"> ({t('optional')})</span>}
      </label>
      {children}
      <p class="problem" id={`${id}-problem`} aria-live="polite">
        {problem}
      </p>
      {help && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}

// describedBy names the texts that belong to a field.
export function describedBy(id: string, help: string | null, problem: string | undefined): string | undefined {
  return [problem && `${id}-problem`, help && `${id}-help`].filter(Boolean).join(' ') || undefined
}

interface Props {
  id: string
  label: string
  secret: boolean
  required: boolean
  disabled?: boolean
  kind?: string | null
  placeholder: string | null
  help: string | null
  value: string
  problem: string | undefined
  onInput: (value: string) => void
  onBlur?: () => void
}

export function TextField(props: Props) {
  const { id, label, secret, required, disabled, kind, placeholder, help, value, problem, onInput, onBlur } = props
  const [shown, setShown] = useState(false)
  return (
    <FieldFrame id={id} label={label} required={required} help={help} problem={problem}>
      <div class="entry">
        <input
          id={id}
          type={(secret && !shown ? 'password' : 'text') as 'text'}
          inputMode={kind === 'email' || kind === 'url' ? kind : kind === 'number' ? 'decimal' : 'text'}
          // No password manager is to fill in or to keep what belongs to a program.
          autocomplete={secret ? 'new-password' : 'off'}
          autocapitalize="none"
          spellcheck={false}
          value={value}
          placeholder={placeholder ?? ''}
          disabled={disabled ?? false}
          aria-required={required}
          aria-invalid={problem ? 'true' : undefined}
          aria-describedby={describedBy(id, help, problem)}
          onInput={(event) => onInput(event.currentTarget.value)}
          onBlur={onBlur}
        />
        {secret && (
          <button type="button" class="reveal" aria-pressed={shown} aria-label={shown ? t('hideField', { field: label }) : t('showField', { field: label })} onClick={() => setShown(!shown)}>
            {shown ? t('hide') : t('show')}
          </button>
        )}
      </div>
    </FieldFrame>
  )
}
