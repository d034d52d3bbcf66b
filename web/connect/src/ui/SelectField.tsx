import { t } from '../i18n'
import { describedBy, FieldFrame } from './TextField'

interface Props {
  id: string
  label: string
  required: boolean
  disabled?: boolean
  help: string | null
  options: { label: string }[]
  // The place of the choice among the options, '' for none.
  value: string
  problem: string | undefined
  onInput: (value: string) => void
}

export function SelectField({ id, label, required, disabled, help, options, value, problem, onInput }: Props) {
  return (
    <FieldFrame id={id} label={label} required={required} help={help} problem={problem}>
      <select
        id={id}
        value={value}
        disabled={disabled ?? false}
        aria-required={required}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={describedBy(id, help, problem)}
        onChange={(event) => onInput(event.currentTarget.value)}
      >
        <option value="">{t('choose')}</option>
        {options.map((option, at) => (
          <option key={at} value={String(at)}>
            {option.label}
          </option>
        ))}
      </select>
    </FieldFrame>
  )
}
