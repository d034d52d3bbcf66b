import { useState } from 'preact/hooks'
import { ApiError, submitForm } from '../api'
import { t } from '../i18n'
import type { Params } from '../params'
import type { PostField, PostForm, Value } from '../types'
import { Heading } from '../ui/Heading'
import { Logo } from '../ui/Logo'
import { FieldView } from './FieldView'
import { cleared, initialValues, isBlank, missingFor, sent } from './values'

interface Props {
  token: string
  params: Params
  form: PostForm
  onSaved: () => void
  // onFailure hears why options could not be loaded, '' when they could.
  onFailure: (reason: string) => void
}

function wordsFor(field: PostField, code: string, message: string): string {
  if (code === 'required' || code === 'enum') {
    return t(field.type.endsWith('select') ? 'neededChoice' : 'needed')
  }
  return t('refused', { reason: message })
}

export function FormView({ token, params, form, onSaved, onFailure }: Props) {
  const [values, setValues] = useState(() => initialValues(form))
  const [problems, setProblems] = useState<Record<string, string>>({})
  const [refusal, setRefusal] = useState('')
  const [busy, setBusy] = useState(false)
  const { label: app, logo } = form.integration

  function change(field: PostField, value: Value | undefined) {
    setValues((before) => cleared(form.fields, { ...before, [field.name]: value }, field.name))
    setProblems((before) => ({ ...before, [field.name]: '' }))
  }

  function reject(found: Record<string, string>) {
    setProblems(found)
    const bad = form.fields.find(({ name }) => found[name])
    if (bad) {
      const place = document.getElementById(`field-${bad.name}`)
      const entry = place?.matches('fieldset') ? place.querySelector<HTMLElement>('input') : place
      entry?.focus()
    }
  }

  async function submit(event: Event) {
    event.preventDefault()
    if (busy) {
      return
    }
    setRefusal('')
    const found: Record<string, string> = {}
    for (const field of form.fields) {
      const waits = missingFor(field, form.fields, values).length > 0
      const kept = field.type === 'password' && !isBlank(form.values[field.name])
      if (field.required && field.type !== 'hidden' && !waits && !kept && isBlank(values[field.name])) {
        found[field.name] = t(field.type.endsWith('select') ? 'neededChoice' : 'needed')
      }
    }
    if (Object.keys(found).length > 0) {
      reject(found)
      return
    }
    setBusy(true)
    try {
      await submitForm(token, {
        values: sent(form.fields, values),
        additional_context: params.additionalContext,
        prevent_deselect: params.preventDeselect,
        disabled_fields: params.disabledFields,
      })
      onSaved()
    } catch (error) {
      showRefusal(error as ApiError)
    } finally {
      setBusy(false)
    }
  }

  function showRefusal(error: ApiError) {
    const found: Record<string, string> = {}
    const rest: string[] = []
    for (const { path, message, code } of error.failures ?? []) {
      const name = path.replace(/^values\./, '')
      const field = form.fields.find((one) => one.name === name && one.type !== 'hidden')
      if (field) {
        found[name] = wordsFor(field, code, message)
      } else {
        rest.push(`${path} ${message}`)
      }
    }
    reject(found)
    if (error.status === 0) {
      setRefusal(t('unreachable'))
    } else if (error.status === 401) {
      setRefusal(t('formTokenText'))
    } else if (rest.length > 0 || Object.keys(found).length === 0) {
      setRefusal(t('formRefused', { reason: rest.join('; ') || error.message }))
    }
  }

  return (
    <section class="card">
      <div class="title">
        <Logo src={logo} name={app} large />
        <Heading>{t('formTitle', { app })}</Heading>
        <p>{t('formText')}</p>
      </div>
      <form noValidate onSubmit={submit}>
        <div role="alert">{refusal && <p class="refusal">{refusal}</p>}</div>
        {form.fields.map((field) => (
          <FieldView
            key={field.name}
            token={token}
            params={params}
            form={form}
            field={field}
            values={values}
            problem={problems[field.name] || undefined}
            onInput={(value) => change(field, value)}
            onFailure={onFailure}
          />
        ))}
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy && <span class="spinner small" aria-hidden="true" />}
          {t('formSubmit')}
        </button>
      </form>
    </section>
  )
}
