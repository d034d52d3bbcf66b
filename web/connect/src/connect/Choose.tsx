import { useMemo, useRef, useState } from 'preact/hooks'
import { t } from '../i18n'
import type { Integration } from '../types'
import { Heading } from '../ui/Heading'
import { SearchIcon } from '../ui/icons'
import { Logo } from '../ui/Logo'

interface Props {
  integrations: Integration[]
  onChoose: (integration: Integration) => void
}

// Choose is the catalogue. Tab and the arrow keys go through it.
export function Choose({ integrations, onChoose }: Props) {
  const [text, setText] = useState('')
  const list = useRef<HTMLUListElement>(null)
  const found = useMemo(() => search(integrations, text), [integrations, text])

  function onKeyDown(event: KeyboardEvent) {
    const tiles = [...(list.current?.querySelectorAll('button') ?? [])]
    const at = tiles.indexOf(document.activeElement as HTMLButtonElement)
    const next = neighbour(tiles, at, event.key)
    if (next) {
      next.focus()
      event.preventDefault()
    }
  }

  function onSubmit(event: Event) {
    event.preventDefault()
    if (found.length === 1) {
      onChoose(found[0]!)
    }
  }

  if (integrations.length === 0) {
    return (
      <section class="card notice">
        <Heading>{t('chooseTitle')}</Heading>
        <p>{t('none')}</p>
      </section>
    )
  }
  return (
    <section class="card" onKeyDown={onKeyDown}>
      <Heading>{t('chooseTitle')}</Heading>
      <form class="search" role="search" onSubmit={onSubmit}>
        <SearchIcon />
        <input type="search" aria-label={t('search')} placeholder={t('search')} autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </form>
      <p class="hidden" role="status">
        {text && (found.length === 1 ? t('foundOne') : t('found', { count: found.length }))}
      </p>
      {found.length === 0 && <p class="empty">{t('noneFound', { text })}</p>}
      <ul class="grid" ref={list}>
        {found.map((integration) => (
          <li key={integration.name}>
            <button type="button" class="tile" onClick={() => onChoose(integration)}>
              <Logo src={integration.logo} name={integration.label} />
              <span>
                <strong>{integration.label}</strong>
                {integration.category && <small>{categoryName(integration.category)}</small>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function search(integrations: Integration[], text: string): Integration[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return integrations.filter(({ name, label, category }) => {
    const all = `${label} ${name} ${categoryName(category)}`.toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

const abbreviations = new Set(['ai', 'ats', 'ci', 'cms', 'crm', 'ehr', 'erp', 'hris', 'idp', 'itsm', 'lms', 'mdm', 'pos', 'rmm', 'sms', 'sso'])

function categoryName(category: string): string {
  const words = category.split(/[\s_-]+/).map((word) => (abbreviations.has(word) ? word.toUpperCase() : word))
  const name = words.join(' ')
  return name.charAt(0).toUpperCase() + name.slice(1)
}

// neighbour is the tile beside one, or in the row above or below. From the search
// field, which is before all of them, the arrow down leads to the first.
function neighbour(tiles: HTMLButtonElement[], at: number, key: string): HTMLButtonElement | undefined {
  if (at < 0) {
    return key === 'ArrowDown' ? tiles[0] : undefined
  }
  const { offsetTop, offsetLeft } = tiles[at]!.parentElement!
  const column = tiles.filter((tile) => tile.parentElement!.offsetLeft === offsetLeft)
  switch (key) {
    case 'ArrowRight':
      return tiles[at + 1]
    case 'ArrowLeft':
      return tiles[at - 1]
    case 'ArrowDown':
      return column.find((tile) => tile.parentElement!.offsetTop > offsetTop)
    case 'ArrowUp':
      return column.findLast((tile) => tile.parentElement!.offsetTop < offsetTop)
    case 'Home':
      return tiles[0]
    case 'End':
      return tiles.at(-1)
  }
  return undefined
}
