// Times the reference engine on one mapping of one record, on a parsed value and from
// text to text. Takes {source, record} on its input, record as text, and prints
// {node, version, result, eval_ns, bytes_ns}.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import jsonata from 'jsonata'

const { version } = createRequire(import.meta.url)('jsonata/package.json')
const { source, record } = JSON.parse(readFileSync(0, 'utf8'))
const mapping = jsonata(source)
const parsed = JSON.parse(record)
const roundNs = 200e6

// time is the median of five rounds, after a warm-up that finds how many calls fill one.
async function time(f) {
  const run = async (n) => {
    const began = process.hrtime.bigint()
    for (let i = 0; i < n; i++) await f()
    return Number(process.hrtime.bigint() - began)
  }
  let n = 1
  for (let took = 0; (took = await run(n)) < roundNs / 2; n *= 2);
  const rounds = []
  for (let i = 0; i < 5; i++) rounds.push((await run(n)) / n)
  return rounds.sort((a, b) => a - b)[2]
}

console.log(JSON.stringify({
  node: process.version,
  version,
  result: await mapping.evaluate(parsed),
  eval_ns: await time(() => mapping.evaluate(parsed)),
  bytes_ns: await time(async () => JSON.stringify(await mapping.evaluate(JSON.parse(record)))),
}))
