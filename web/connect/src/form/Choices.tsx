import { useRef, useState } from 'preact/hooks'
import { t } from '../i18n'
import type { PostOption, Value } from '../types'
import type { FieldViewProps } from './FieldView'
import { useOptions } from './options'
import { isSame, listOf, wordsOf } from './values'

interface Props extends FieldViewProps {
  id: string
  label: string
  required: boolean
  disabled: boolean
  waits: boolean
  help: string | null
  several: boolean
  chosen: Value[]
  onChosen: (values: Value[]) => void
}

// Choices are options to tick, of one or several, that can be searched and come in
// pages. What is chosen stays in sight, whatever is searched for.
export function Choices({ token, params, form, field, values, id, label, required, disabled, waits, help, several, chosen, problem, onChosen, onFailure }: Props) {
  const [search, setSearch] = useState('')
  const labels = useRef(new Map<string, PostOption>())
  const { options, next, busy, failure, more, retry } = useOptions({ token, params, form, field, values, search, waits, onFailure })
  for (const option of options) {
    labels.current.set(JSON.stringify(option.value), option)
  }
  const before = listOf(form.values[field.name])
  const kept = wordsOf(params.preventDeselect, field.name)
  const rows = [...chosen.filter((value) => !options.some((option) => isSame(option.value, value))).map((value) => labels.current.get(JSON.stringify(value)) ?? { value, label: String(value), subText: '' }), ...options]

  function toggle(value: Value) {
    if (!several) {
      onChosen([value])
    } else if (chosen.some((one) => isSame(one, value))) {
      onChosen(chosen.filter((one) => !isSame(one, value)))
    } else {
      onChosen([...chosen, value])
    }
  }

  const describedBy = [problem && `${id}-problem`, help && `${id}-help`].filter(Boolean).join(' ')
  return (
    <fieldset id={id} class={problem ? 'field bad' : 'field'} disabled={disabled} aria-describedby={describedBy || undefined}>
      <legend>
        {label}
        {!required && <span class="optional"> ({t('optional')})</span>}
      </legend>
      {help && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {!waits && field.has_data_source && (
        <input
          type="search"
          aria-label={t('optionsSearch', { field: label })}
          placeholder={field.placeholder || t('optionsSearch', { field: label })}
          autocomplete="off"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
      )}
      {!waits && (
        <div class="choices" aria-busy={busy} tabIndex={-1}>
          {rows.map((option) => {
            const checked = chosen.some((one) => isSame(one, option.value))
            const stays = several && kept !== undefined && checked && before.some((one) => isSame(one, option.value))
            return (
              <label key={JSON.stringify(option.value)} class="choice">
                <input type={several ? 'checkbox' : 'radio'} name={id} checked={checked} disabled={stays} aria-invalid={problem ? 'true' : undefined} onChange={() => toggle(option.value)} />
                <span>
                  {option.label}
                  {option.subText && <small>{option.subText}</small>}
                  {stays && <small>{kept || t('keptChoice')}</small>}
                </span>
              </label>
            )
          })}
          <p role="status">{busy ? t('loading') : !failure && rows.length === 0 ? t('optionsNone') : ''}</p>
          {failure && (
            <p class="problem" role="alert">
              {t('optionsFailed', { reason: failure })}{' '}
              <button type="button" class="more" onClick={retry}>
                {t('tryAgain')}
              </button>
            </p>
          )}
          {next && !busy && !failure && (
            <button type="button" class="more" onClick={more}>
              {t('optionsMore')}
            </button>
          )}
        </div>
      )}
      <p class="problem" id={`${id}-problem`} aria-live="polite">
        {problem}
      </p>
    </fieldset>
  )
}
