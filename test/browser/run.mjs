// Runs the tests in browsers and prints a line of JSON for each. Settings come as
// JSON: where Sinew and the vendors are, and what to run.
import { fileURLToPath } from 'node:url'
import { chromium, firefox } from 'playwright-core'
import { everywhere, flows } from './flows.mjs'
import { startHost } from './host.mjs'
import { states } from './states.mjs'
import { World } from './world.mjs'

const settings = JSON.parse(process.argv[2])
const only = new RegExp(settings.only ?? '')
const host = await startHost({ truto: fileURLToPath(import.meta.resolve('@truto/truto-link-sdk')), link: settings.link })

const engines = [
  { prefix: '', atOnce: 2, tests: { ...flows, ...states }, launch: () => chromium.launch({ executablePath: settings.chromium, args: ['--no-sandbox', '--disable-gpu'] }) },
  // The channel drives a Firefox as it is released, by WebDriver BiDi. There one window
  // of all has the focus.
  { prefix: 'Firefox: ', atOnce: 1, tests: everywhere, launch: () => firefox.launch({ channel: 'moz-firefox', executablePath: settings.firefox }) },
]

async function run(world, name, test) {
  const began = performance.now()
  let error = ''
  let note = ''
  try {
    note = (await test(world)) ?? ''
  } catch (cause) {
    error = String(cause.stack ?? cause)
  }
  console.log(JSON.stringify({ name, error, note, seconds: (performance.now() - began) / 1000 }))
}

async function drive({ prefix, atOnce, tests, launch }) {
  const waiting = Object.entries(tests).map(([name, test]) => [prefix + name, test]).filter(([name]) => only.test(name))
  if (waiting.length === 0) {
    return
  }
  const browser = await launch()
  const world = new World({ settings, browser, host })
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await run(world, ...next)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await browser.close()
}

await Promise.all(engines.map(drive))
host.close()
