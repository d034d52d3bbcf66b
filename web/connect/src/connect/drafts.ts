// What is filled in, by integration and way to connect, so that nobody has to type
// twice. It outlives the views; and what is no secret of the form that a customer
// left for the vendor's page outlives the page, which the Back button of the browser
// loads anew. The tab keeps that for one link token.

import type { Field, Format, Integration } from '../types'

// Draft is by the names of the fields.
export type Draft = Record<string, string>

interface Left {
  token: string
  integration: string
  format: string
  values: Draft
}

const place = 'left'

export class Drafts {
  private all = new Map<string, Draft>()
  private left: Left | undefined

  of(integration: Integration, format: Format): Draft {
    const key = `${integration.name} ${format.format}`
    let draft = this.all.get(key)
    if (!draft) {
      const left = this.left?.integration === integration.name && this.left.format === format.format ? this.left.values : {}
      draft = Object.fromEntries((format.fields ?? []).map((field) => [field.name, given(left, field) ?? initial(field)]))
      this.all.set(key, draft)
    }
    return draft
  }

  leave(token: string, integration: Integration, format: Format): void {
    const draft = this.of(integration, format)
    const open = (format.fields ?? []).filter(({ type }) => type !== 'password')
    const left: Left = { token, integration: integration.name, format: format.format, values: Object.fromEntries(open.map(({ name }) => [name, draft[name] ?? ''])) }
    try {
      sessionStorage.setItem(place, JSON.stringify(left))
    } catch {
      // A browser may refuse storage, most of all in frames.
    }
  }

  comeBack(token: string): Left | undefined {
    try {
      const left = JSON.parse(sessionStorage.getItem(place) ?? 'null') as Left | null
      this.left = left?.token === token ? left : undefined
    } catch {
      this.left = undefined
    }
    return this.left
  }

  forget(): void {
    this.left = undefined
    try {
      sessionStorage.removeItem(place)
    } catch {
      // as above
    }
  }
}

function given(left: Draft, { name, type }: Field): string | undefined {
  return type !== 'password' && Object.hasOwn(left, name) ? left[name] : undefined
}

function initial(field: Field): string {
  if (field.type !== 'single_select') {
    return field.default ?? ''
  }
  const at = (field.options ?? []).findIndex(({ value }) => String(value) === field.default)
  return at < 0 ? '' : String(at)
}
