// Compares the dictionaries: the same texts in each, none of them empty or left in
// English, and the same {names} in them.
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'

const folder = new URL('../src/i18n/', import.meta.url)
const dictionaries = {}
for (const file of readdirSync(folder).filter((name) => /^[a-z]{2}\.ts$/.test(name))) {
  const { outputText } = ts.transpileModule(readFileSync(new URL(file, folder), 'utf8'), { compilerOptions: { module: 'ESNext', target: 'ES2022' } })
  const language = file.slice(0, 2)
  dictionaries[language] = (await import(`data:text/javascript,${encodeURIComponent(outputText)}`))[language]
}

const { en } = dictionaries
// The same in other languages.
const alike = { de: ['optional'], es: ['way_apiKey'], fr: [], pt: [], ja: [] }
const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort().join()
const problems = Object.keys(alike).filter((language) => !dictionaries[language]).map((language) => `${language}: there is no dictionary`)
for (const [language, words] of Object.entries(dictionaries)) {
  for (const key of new Set([...Object.keys(en), ...Object.keys(words)])) {
    const [text, original] = [words[key], en[key]]
    if (!text || !original) {
      problems.push(`${language}: ${key} is missing, empty or unknown`)
    } else if (placeholders(text) !== placeholders(original)) {
      problems.push(`${language}: ${key} has other {names} than in English`)
    } else if (language !== 'en' && text === original && !alike[language]?.includes(key)) {
      problems.push(`${language}: ${key} is English`)
    }
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
