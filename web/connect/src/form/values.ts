// The values of the form that follows a connection.

import type { Message } from '../params'
import type { PostField, PostForm, Value, Values } from '../types'

export function isBlank(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

export function isSame(a: Value | undefined, b: Value | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

export function listOf(value: Value | undefined): Value[] {
  return Array.isArray(value) ? value : isBlank(value) ? [] : [value as Value]
}

export function initialValues(form: PostForm): Values {
  return Object.fromEntries(form.fields.map((field) => [field.name, form.values[field.name] ?? field.default ?? (field.type === 'checkbox' ? false : undefined)]))
}

// missingFor are the fields that have to be filled in before one.
export function missingFor(field: PostField, fields: PostField[], values: Values): PostField[] {
  return fields.filter(({ name }) => field.depends_on.includes(name) && isBlank(values[name]))
}

// cleared is what becomes of the values when one of them changes: those that
// depend on it are no longer chosen from the same options.
export function cleared(fields: PostField[], values: Values, changed: string): Values {
  let next = values
  for (const field of fields) {
    if (field.depends_on.includes(changed) && !isBlank(next[field.name]) && field.type !== 'hidden') {
      next = cleared(fields, { ...next, [field.name]: undefined }, field.name)
    }
  }
  return next
}

// sent leaves out passwords that are not filled in, which stay as they are.
export function sent(fields: PostField[], values: Values): Values {
  return Object.fromEntries(
    fields
      .filter(({ name, type }) => values[name] !== undefined && !(type === 'password' && isBlank(values[name])))
      .map(({ name }) => [name, values[name]]),
  )
}

export function wordsOf(all: Record<string, Message>, name: string): string | undefined {
  const entry = Object.hasOwn(all, name) ? all[name] : undefined
  return entry && typeof entry === 'object' ? (entry.message ?? '') : undefined
}
