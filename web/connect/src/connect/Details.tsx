import { useState } from 'preact/hooks'
import { ApiError } from '../api'
import { t } from '../i18n'
import type { Field, Format, Integration } from '../types'
import { Heading } from '../ui/Heading'
import { BackIcon } from '../ui/icons'
import { Logo } from '../ui/Logo'
import { SelectField } from '../ui/SelectField'
import { TextField } from '../ui/TextField'
import { checkField, checkFields, serverProblems, type Problems } from './check'
import type { Draft, Drafts } from './drafts'
import { formatName } from './formats'
import { Tabs } from './Tabs'

interface Props {
  integration: Integration
  formats: Format[]
  // first is the way that is shown at first, '' for the first one.
  first: string
  again: boolean
  sandbox: boolean
  drafts: Drafts
  onBack: (() => void) | undefined
  // onSubmit resolves when another view has come, and throws what is wrong.
  onSubmit: (format: Format, values: Record<string, unknown>, device: boolean) => Promise<void>
}

// Details asks for what it takes to connect an integration.
export function Details({ integration, formats, first, again, sandbox, drafts, onBack, onSubmit }: Props) {
  const [selected, setSelected] = useState(formats.some(({ format }) => format === first) ? first : (formats[0]?.format ?? ''))
  const format = formats.find((one) => one.format === selected) ?? formats[0]
  const app = integration.label
  return (
    <section class="card">
      {onBack && (
        <button type="button" class="back" onClick={onBack}>
          <BackIcon />
          {t('back')}
        </button>
      )}
      <div class="title">
        <Logo src={integration.logo} name={app} large />
        <Heading>{t(again ? 'reconnectTitle' : 'connectTitle', { app })}</Heading>
        {again && <p>{t('reconnectText')}</p>}
      </div>
      {sandbox && <p class="note">{t('sandbox', { app })}</p>}
      {formats.length > 1 && <Tabs names={formats.map((one) => ({ id: one.format, label: formatName(one) }))} selected={selected} onSelect={setSelected} />}
      {format && (
        <div id="way" {...(formats.length > 1 ? { role: 'tabpanel', 'aria-labelledby': `tab-${format.format}` } : {})}>
          <Way key={format.format} app={app} format={format} draft={drafts.of(integration, format)} onSubmit={(values, device) => onSubmit(format, values, device)} />
        </div>
      )}
    </section>
  )
}

interface WayProps {
  app: string
  format: Format
  draft: Draft
  onSubmit: (values: Record<string, unknown>, device: boolean) => Promise<void>
}

// Way is one way to connect.
function Way({ app, format, draft, onSubmit }: WayProps) {
  const fields = format.fields ?? []
  const [values, setValues] = useState(draft)
  const [problems, setProblems] = useState<Problems>({})
  const [refusal, setRefusal] = useState('')
  const [busy, setBusy] = useState<'' | 'here' | 'device'>('')
  const atVendor = format.redirects || format.device

  function change(field: Field, value: string) {
    draft[field.name] = value
    setValues({ ...draft })
    if (problems[field.name]) {
      setProblems({ ...problems, [field.name]: checkField(field, value) })
    }
  }

  // Leaving a field empty is no mistake yet.
  function leave(field: Field) {
    if (values[field.name]) {
      setProblems({ ...problems, [field.name]: checkField(field, values[field.name]!) })
    }
  }

  function reject(found: Problems) {
    setProblems(found)
    const bad = fields.find(({ name }) => found[name])
    if (bad) {
      document.getElementById(fieldId(bad))?.focus()
    }
  }

  async function submit(event: Event, how: 'here' | 'device') {
    event.preventDefault()
    if (busy) {
      return
    }
    setRefusal('')
    const found = checkFields(fields, values)
    if (Object.keys(found).length > 0) {
      reject(found)
      return
    }
    setBusy(how)
    try {
      await onSubmit(sent(fields, values), how === 'device')
    } catch (error) {
      const { failures, message, status } = error as ApiError
      const { problems: theirs, rest } = serverProblems(failures ?? [], fields)
      reject(theirs)
      if (status === 0) {
        setRefusal(t('unreachable'))
      } else if (rest.length > 0 || Object.keys(theirs).length === 0) {
        setRefusal(t('formRefused', { reason: rest.join('; ') || message }))
      }
    } finally {
      setBusy('')
    }
  }

  return (
    <form noValidate onSubmit={(event) => submit(event, 'here')}>
      <div role="alert">{refusal && <p class="refusal">{refusal}</p>}</div>
      {fields.map((field) => (
        <FieldOf key={field.name} field={field} value={values[field.name] ?? ''} problem={problems[field.name]} onInput={(value) => change(field, value)} onBlur={() => leave(field)} />
      ))}
      {format.documentation_link && isWeb(format.documentation_link) && (
        <p>
          <a href={format.documentation_link} target="_blank" rel="noopener noreferrer">
            {t('guide')} <span class="hidden">{t('newWindow')}</span>
          </a>
        </p>
      )}
      <Access format={format} />
      {atVendor && <p class="help">{t('signInText', { app })}</p>}
      <div class="actions">
        <button type="submit" class="primary" aria-disabled={busy !== ''}>
          {busy === 'here' && <span class="spinner small" aria-hidden="true" />}
          {atVendor ? t('submitSignIn', { app }) : t('submitForm')}
        </button>
        {format.redirects && format.device && (
          <button type="button" class="quiet" aria-disabled={busy !== ''} onClick={(event) => submit(event, 'device')}>
            {busy === 'device' && <span class="spinner small" aria-hidden="true" />}
            {t('useCode')}
          </button>
        )}
      </div>
    </form>
  )
}

// Access says in words what the customer agrees to.
function Access({ format }: { format: Format }) {
  const scopes = format.scopes ?? []
  return (
    <>
      {format.permissions_text && (
        <div class="access">
          <h2>{t('permissions')}</h2>
          <p>{format.permissions_text}</p>
        </div>
      )}
      {scopes.length > 0 && (
        <div class="access">
          <h2>{t('willAccess')}</h2>
          <ul>
            {scopes.map(({ scope, description }) => (
              <li key={scope}>{description ?? scope}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

interface FieldProps {
  field: Field
  value: string
  problem: string | undefined
  onInput: (value: string) => void
  onBlur: () => void
}

function FieldOf({ field, value, problem, onInput, onBlur }: FieldProps) {
  const common = { id: fieldId(field), label: field.label || field.name, required: field.required, help: field.help_text, value, problem, onInput }
  if (field.type === 'single_select') {
    return <SelectField {...common} options={field.options ?? []} />
  }
  return <TextField {...common} secret={field.type === 'password'} kind={field.format} placeholder={field.placeholder} onBlur={onBlur} />
}

function fieldId(field: Field): string {
  return `field-${field.name}`
}

function isWeb(address: string): boolean {
  return /^https?:\/\//i.test(address)
}

// sent leaves out what is not filled in.
function sent(fields: Field[], values: Draft): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  for (const field of fields) {
    const value = values[field.name] ?? ''
    if (value.trim() !== '') {
      all[field.name] = field.type === 'single_select' ? field.options?.[Number(value)]?.value : value
    }
  }
  return all
}
