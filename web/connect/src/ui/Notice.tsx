import type { ComponentChildren } from 'preact'
import { AlertIcon, CheckIcon } from './icons'
import { Heading } from './Heading'

interface Props {
  kind: 'success' | 'warning' | 'error' | 'plain'
  title: string
  children?: ComponentChildren
}

// Notice is a view that says how something has ended.
export function Notice({ kind, title, children }: Props) {
  return (
    <section class="card notice">
      {kind !== 'plain' && <span class={`sign ${kind}`}>{kind === 'success' ? <CheckIcon /> : <AlertIcon />}</span>}
      <Heading>{title}</Heading>
      {children}
    </section>
  )
}

export function Loading({ text }: { text: string }) {
  return (
    <section class="card notice" aria-busy="true">
      <span class="spinner" aria-hidden="true" />
      <p role="status">{text}</p>
    </section>
  )
}
