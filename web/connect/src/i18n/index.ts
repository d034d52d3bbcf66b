import { de } from './de'
import { en, type Dictionary } from './en'
import { es } from './es'
import { fr } from './fr'
import { ja } from './ja'
import { pt } from './pt'

export type Key = keyof Dictionary

const dictionaries: Record<string, Dictionary> = { en, de, fr, es, pt, ja }

let words: Dictionary = en

// chooseLanguage takes the first language that the page has, English otherwise,
// and says which it is.
export function chooseLanguage(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split(/[-_]/)[0] ?? ''
    if (Object.hasOwn(dictionaries, language)) {
      words = dictionaries[language]!
      return language
    }
  }
  words = en
  return 'en'
}

// t returns a text with its {names} filled in.
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return words[key].replace(/\{(\w+)\}/g, (all, name: string) => (name in values ? String(values[name]) : all))
}

// has reports whether a name that was put together is that of a text.
export function has(key: string): key is Key {
  return Object.hasOwn(words, key)
}
