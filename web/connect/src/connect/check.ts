// What the page knows about right and wrong values. The server has the last word.

import type { Failure } from '../api'
import { t } from '../i18n'
import type { Field } from '../types'

export type Problems = Record<string, string>

export function checkField(field: Field, value: string): string {
  const text = value.trim()
  if (text === '') {
    return field.required ? (field.type === 'single_select' ? t('neededChoice') : t('needed')) : ''
  }
  if (field.type === 'single_select') {
    return ''
  }
  return formatProblem(field.format ?? '', text) || (field.pattern && !matches(field.pattern, text) ? t('badPattern') : '')
}

export function checkFields(fields: Field[], values: Record<string, string>): Problems {
  const problems: Problems = {}
  for (const field of fields) {
    const problem = checkField(field, values[field.name] ?? '')
    if (problem) {
      problems[field.name] = problem
    }
  }
  return problems
}

// serverProblems are the words for what the server has found, by field, and what
// is no field's: that is shown above the form.
export function serverProblems(failures: Failure[], fields: Field[]): { problems: Problems; rest: string[] } {
  const problems: Problems = {}
  const rest: string[] = []
  for (const { path, message, code } of failures) {
    const field = fields.find(({ name }) => path === `values.${name}`)
    if (!field) {
      rest.push(message)
    } else {
      problems[field.name] ??= wordsFor(field, code, message)
    }
  }
  return { problems, rest }
}

function wordsFor(field: Field, code: string, message: string): string {
  switch (code) {
    case 'required':
      return field.type === 'single_select' ? t('neededChoice') : t('needed')
    case 'enum':
      return t('neededChoice')
    case 'pattern':
      return t('badPattern')
    case 'format':
    case 'value':
      return formatWords(field.format ?? '') || t('refused', { reason: message })
  }
  return t('refused', { reason: message })
}

function formatWords(format: string): string {
  switch (format) {
    case 'email':
      return t('badEmail')
    case 'number':
      return t('badNumber')
    case 'uuid':
      return t('badUuid')
    case 'url':
      return t('badUrl')
  }
  return ''
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function formatProblem(format: string, text: string): string {
  const good =
    (format !== 'email' || /^[^\s@]+@[^\s@]+$/.test(text)) &&
    (format !== 'number' || Number.isFinite(Number(text))) &&
    (format !== 'uuid' || uuid.test(text)) &&
    (format !== 'url' || /^https?:\/\/[^\s/]+/i.test(text))
  return good ? '' : formatWords(format)
}

// matches passes what it cannot judge: patterns are written for the server, whose
// dialect has a little that browsers lack.
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}
