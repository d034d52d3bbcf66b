import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n'
import { currentMode } from '../outlet'
import { applyTheme, logoOf, onColorScheme } from '../theme'
import type { Theme } from '../types'
import { CrossIcon } from './icons'

interface Props {
  theme?: Theme | undefined
  name?: string | undefined
  wide?: boolean
  // What the cross does, which frames have: they have no other.
  onClose: () => void
  children: ComponentChildren
}

// Page is the frame of every view: the environment's logo above a card.
export function Page({ theme, name, wide, onClose, children }: Props) {
  const logo = useTheme(theme)
  return (
    <div class={wide ? 'page wide' : 'page'}>
      <header>
        {logo ? <img class="brand" src={logo} alt={name ?? ''} /> : <span />}
        {currentMode() === 'iframe' && (
          <button type="button" class="icon" aria-label={t('close')} onClick={onClose}>
            <CrossIcon />
          </button>
        )}
      </header>
      <main>{children}</main>
      {theme?.show_badge && <footer>{t('badge')}</footer>}
    </div>
  )
}

function useTheme(theme: Theme | undefined): string | null {
  const [logo, setLogo] = useState<string | null>(null)
  useEffect(() => {
    if (!theme) {
      return undefined
    }
    return onColorScheme(() => {
      applyTheme(theme)
      setLogo(logoOf(theme))
    })
  }, [theme])
  return logo
}
