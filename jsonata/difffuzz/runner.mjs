// Evaluates the requests that come as lines of JSON on standard input with the
// reference engine and answers each with a line.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

const require = createRequire(join(process.env.JSONATA_FROM, 'x.js'))
const jsonata = require('jsonata')

for await (const line of createInterface({ input: process.stdin })) {
  const { expr, data } = JSON.parse(line)
  let answer
  try {
    const compiled = jsonata(expr, { timeout: 2000, stack: 2000, sequence: 100000 })
    const value = await compiled.evaluate(data === undefined ? undefined : data)
    const json = value === undefined ? undefined : JSON.stringify(value)
    answer = json === undefined ? { kind: 'undefined' } : { kind: 'value', value: json }
  } catch (e) {
    answer = { kind: 'error', code: e.code || '', message: String(e.message || '') }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
