// The colours and the logo of the environment. Text on its colours is black or
// white, whichever is easier to read, so that no theme makes the page unreadable.

import type { Theme } from './types'

const dark = matchMedia('(prefers-color-scheme: dark)')

export function isDark(): boolean {
  return dark.matches
}

// onColorScheme calls back now and whenever the person changes between light and
// dark.
export function onColorScheme(listener: () => void): () => void {
  dark.addEventListener('change', listener)
  listener()
  return () => dark.removeEventListener('change', listener)
}

export function applyTheme(theme: Theme): void {
  paint('accent', (isDark() && theme.accent_color_dark) || theme.accent_color)
  paint('ground', isDark() ? theme.background_color_dark : theme.background_color)
}

export function logoOf(theme: Theme): string | null {
  return (isDark() && theme.logo_dark_url) || theme.logo_url
}

function paint(name: string, color: string | null): void {
  const root = document.documentElement.style
  if (!color || !/^#[0-9a-f]{6}$/i.test(color)) {
    root.removeProperty(`--${name}`)
    root.removeProperty(`--on-${name}`)
    return
  }
  root.setProperty(`--${name}`, color)
  root.setProperty(`--on-${name}`, luminance(color) > 0.179 ? '#000000' : '#ffffff')
}

// luminance is the relative one of WCAG. At 0.179 black and white have the same
// contrast with a colour, 4.58.
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}
