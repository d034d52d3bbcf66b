import { useEffect, useState } from 'preact/hooks'
import { getOptions } from '../api'
import type { Params } from '../params'
import type { PostField, PostForm, PostOption, Values } from '../types'
import { sent } from './values'

interface Query {
  token: string
  params: Params
  form: PostForm
  field: PostField
  values: Values
  search: string
  waits: boolean
  onFailure: (reason: string) => void
}

interface Page {
  options: PostOption[]
  next: string | null
}

const typing = 250 // milliseconds without a key before a search begins

// useOptions loads the options of a field, a page at a time, and anew when what
// they depend on changes.
export function useOptions({ token, params, form, field, values, search, waits, onFailure }: Query) {
  const [page, setPage] = useState<Page>({ options: field.options, next: null })
  const [cursor, setCursor] = useState('')
  const [tries, setTries] = useState(0)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState('')
  const needed = JSON.stringify(field.depends_on.map((name) => values[name]))

  useEffect(() => setCursor(''), [search, needed])

  useEffect(() => {
    if (!field.has_data_source || waits) {
      return undefined
    }
    const stop = new AbortController()
    setBusy(true)
    const timer = setTimeout(
      async () => {
        try {
          const found = await getOptions(token, { field: field.name, values: sent(form.fields, values), search, cursor, additional_context: params.additionalContext }, stop.signal)
          setPage((before) => ({ options: cursor ? [...before.options, ...found.result] : found.result, next: found.next_cursor }))
          report('')
        } catch (error) {
          if (!stop.signal.aborted) {
            report((error as Error).message)
          }
        }
      },
      search && !cursor ? typing : 0,
    )
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [search, needed, cursor, waits, tries])

  function report(reason: string) {
    setBusy(false)
    setFailure(reason)
    onFailure(reason)
  }

  return { ...page, busy, failure, more: () => page.next && setCursor(page.next), retry: () => setTries(tries + 1) }
}
