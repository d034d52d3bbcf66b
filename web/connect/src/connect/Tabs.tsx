import { useRef } from 'preact/hooks'
import { t } from '../i18n'

interface Props {
  names: { id: string; label: string }[]
  selected: string
  onSelect: (id: string) => void
}

// Tabs follow the pattern of the ARIA practices: one stop for Tab, arrow keys
// between them. The panel has the id "way".
export function Tabs({ names, selected, onSelect }: Props) {
  const list = useRef<HTMLDivElement>(null)

  function onKeyDown(event: KeyboardEvent) {
    const at = names.findIndex(({ id }) => id === selected)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + names.length, Home: 0, End: names.length - 1 }[event.key]
    if (to === undefined) {
      return
    }
    event.preventDefault()
    const next = to % names.length
    onSelect(names[next]!.id)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus()
  }

  return (
    <div class="tabs" role="tablist" aria-label={t('ways')} ref={list} onKeyDown={onKeyDown}>
      {names.map(({ id, label }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === selected}
          aria-controls="way"
          tabIndex={id === selected ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {label}
        </button>
      ))}
    </div>
  )
}
