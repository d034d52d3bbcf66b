import { t } from '../i18n'
import type { Params } from '../params'
import type { PostField, PostForm, Value, Values } from '../types'
import { SelectField } from '../ui/SelectField'
import { TextField } from '../ui/TextField'
import { Choices } from './Choices'
import { isSame, listOf, missingFor, wordsOf } from './values'

export interface FieldViewProps {
  token: string
  params: Params
  form: PostForm
  field: PostField
  values: Values
  problem: string | undefined
  onInput: (value: Value | undefined) => void
  onFailure: (reason: string) => void
}

export function FieldView(props: FieldViewProps) {
  const { params, form, field, values, problem, onInput } = props
  const id = `field-${field.name}`
  const waits = missingFor(field, form.fields, values)
  const fixed = wordsOf(params.disabledFields, field.name)
  const disabled = waits.length > 0 || fixed !== undefined
  const label = field.label || field.name
  const help = helpOf(field, waits, fixed)
  const common = { id, label, required: field.required, disabled, help, problem }
  const value = values[field.name]
  switch (field.type) {
    case 'hidden':
      return null
    case 'checkbox':
      return (
        <div class={problem ? 'field bad' : 'field'}>
          <label class="choice">
            <input id={id} type="checkbox" checked={value === true} disabled={disabled} aria-describedby={help ? `${id}-help` : undefined} onChange={(event) => onInput(event.currentTarget.checked)} />
            {label}
          </label>
          {problem && <p class="problem">{problem}</p>}
          {help && (
            <p class="help" id={`${id}-help`}>
              {help}
            </p>
          )}
        </div>
      )
    case 'single_select':
      if (!field.has_data_source) {
        const at = field.options.findIndex((option) => isSame(option.value, value))
        return <SelectField {...common} options={field.options} value={at < 0 ? '' : String(at)} onInput={(place) => onInput(place === '' ? undefined : field.options[Number(place)]?.value)} />
      }
      return <Choices {...props} {...common} waits={waits.length > 0} chosen={value === undefined || value === null ? [] : [value]} several={false} onChosen={(list) => onInput(list[0])} />
    case 'multi_select':
      return <Choices {...props} {...common} waits={waits.length > 0} chosen={listOf(value)} several onChosen={onInput} />
  }
  return (
    <TextField {...common} secret={field.type === 'password'} placeholder={field.placeholder} value={value === undefined || value === null ? '' : String(value)} onInput={onInput} />
  )
}

function helpOf(field: PostField, waits: PostField[], fixed: string | undefined): string | null {
  if (fixed !== undefined) {
    return fixed || t('fixedField')
  }
  if (waits.length > 0) {
    return field.disabled_text || t('optionsFirst', { fields: waits.map(({ label, name }) => label || name).join(', ') })
  }
  return field.help_text || null
}
