// Evaluates the requests that come as lines of JSON on standard input with the
// reference engine and answers each with a line. A request can ask for the
// answer of an amended reference: its source with the faults mended in which
// the engine differs on purpose, see docs/jsonata-differences.md.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

const require = createRequire(join(process.env.JSONATA_FROM, 'x.js'))
const jsonata = require('jsonata')

// Each amendment: what it mends, the text that it replaces and by what.
const amendments = [
  ['constructors evaluate their parts one after the other',
    /Promise\.all\((expr\.expressions|utils\.keys\(groups\))\s*\.map\(/g, 'oneByOne($1, (', 2],
  ['grouping does not add to an array of the data',
    /input\.push\(undefined\);/g, 'input = focus.createSequence(undefined);', 1],
  ['each key of a grouping of tuples has its own tuple',
    /var tuple = reduceTupleStream\(entry\.data, environment\);/g, 'var tuple = { ...reduceTupleStream(entry.data, environment) };', 1],
  ['operands of ?: and ?? are copied with their regular expressions',
    /JSON\.parse\(JSON\.stringify\(left\)\)/g, 'copied(left)', 2],
  ['a string that starts a path is one item',
    /resultSequence = await evaluate\(step, inputSequence, environment\);/g,
    '$& if (typeof resultSequence === "string") resultSequence = environment.base.createSequence(resultSequence);', 1],
  ['default values are not part of the name of a parameter',
    /var sigArgs = sigParens\.split\(','\);/g, '$& sigArgs = sigArgs.map(a => a.split("=")[0]);', 1],
  ['partial application keeps the signature of a function',
    /partialApplyNativeFunction\(proc\.implementation,/g, 'partialApplyNativeFunction(signed(proc),', 1],
  ['of the expression too',
    /environment: env,\s*arguments: unboundArgs,\s*body: proc\.body/g, 'environment: env, arguments: unboundArgs, body: proc.signature ? bodyOf(proc) : proc.body', 1],
  ['and checks the arguments by it',
    /var result = proc\.apply\(focus, args\);/g, 'var result = proc.apply(focus, checked(proc, args));', 1],
  ['predicates and groupings of a block in tail position count',
    /expr\.type === 'block'\) \{\s*\/\/ only the last/g, "expr.type === 'block' && !expr.predicate && !expr.group) { // only the last", 1],
  ['so do groupings of a call in tail position',
    /expr\.type === 'function' && !expr\.predicate\)/g, "expr.type === 'function' && !expr.predicate && !expr.group)", 1],
  ['a sorted stream of tuples is still one',
    /result = await evaluateSortExpression\(expr, tupleBindings, environment\);/g, '$& result.tupleStream = true;', 1],
  ['copies keep all digits of numbers',
    /return JSON\.parse\(fn\.string\(arg\)\);/g, 'return exactCopy(arg);', 1],
  ['a wildcard on a list finds its items only',
    /(!isFunction\(input\)\) \{\s*utils\.keys\(input\))(\.forEach\(function \(key\) \{\s*var value = input\[key\];\s*if\(Array\.isArray\(value\)\) \{\s*value = flatten)/g, '$1.filter(key => !Array.isArray(input) || /^\\d+$/.test(key))$2', 1],
  ['a transform changes its own copy only',
    /var matches = await evaluate\(expr\.pattern, result, environment\);/g, 'const own = objectsOf(result); $&', 1],
  ['whatever its pattern finds',
    /var match = matches\[ii\];\s*\/\/ evaluate the update/g, 'var match = matches[ii]; if (match && typeof match === "object" && !Array.isArray(match) && !own.has(match)) continue; // evaluate the update', 1],
  ['a function that replaces a string is called',
    /result \+= replacement;/g, 'result += await replacedBy(replacement, pattern, index);', 1],
  ['regular expressions as functions take strings',
    /var closure = function\(str, fromIndex\) \{/g, '$& if (typeof str !== "string") return undefined;', 1],
]

const helpers = `
async function oneByOne(list, f) { const out = []; let i = 0; for (const x of list) out.push(await f(x, i++)); return out }
function copied(x) {
  if (x === null || typeof x !== 'object' || x instanceof RegExp) return x
  return Array.isArray(x) ? x.map(copied) : Object.fromEntries(Object.entries(x).map(([k, v]) => [k, copied(v)]))
}
function exactCopy(x) {
  return JSON.parse(JSON.stringify(x, (k, v) => (v && (typeof v === 'function' || v._jsonata_lambda || v._jsonata_function) ? '' : v)))
}
function objectsOf(x, found = new Set()) {
  if (x && typeof x === 'object' && !found.has(x)) {
    found.add(x)
    Object.values(x).forEach(v => objectsOf(v, found))
  }
  return found
}
async function replacedBy(replacement, pattern, index) {
  if (typeof replacement === 'string') return replacement
  const out = await replacement.apply({}, [{ match: pattern, start: index, end: index + pattern.length, groups: [] }])
  if (typeof out !== 'string') throw { code: 'D3012', value: out }
  return out
}
const signatures = new WeakMap()
function signed(proc) { signatures.set(proc.implementation, proc.signature); return proc.implementation }
function bodyOf(proc) {
  const body = async (...args) => {
    while (args.length && args[args.length - 1] === undefined) args.pop()
    return proc.apply(null, args)
  }
  body.toString = () => '(' + proc.arguments.map(a => a.value).join(',') + ')'
  return body
}
function checked(proc, args) {
  const sig = signatures.get(proc)
  if (!sig) return args
  while (args.length && args[args.length - 1] === undefined) args.pop()
  return sig.validate(args, undefined)
}
`

const amended = amend(require.resolve('jsonata/jsonata.js'))

function amend(path) {
  let source = readFileSync(path, 'utf8')
  for (const [what, from, to, times] of amendments) {
    const found = source.match(from)?.length ?? 0
    if (found !== times) throw new Error(`${path}: "${what}" fits ${found} times, not ${times}`)
    source = source.replace(from, to)
  }
  const module = { exports: {} }
  new Function('module', 'exports', 'require', helpers + source)(module, module.exports, require)
  return module.exports
}

async function evaluate({ expr, data, amended: mend }) {
  try {
    const compiled = (mend ? amended : jsonata)(expr, { timeout: 1000, stack: 2000, sequence: 100000 })
    const value = await compiled.evaluate(data)
    const json = value === undefined ? undefined : JSON.stringify(value)
    return json === undefined ? { kind: 'undefined' } : { kind: 'value', value: json }
  } catch (e) {
    return { kind: 'error', code: e.code || '', message: String(e.message || ''), position: e.position ?? -1, token: String(e.token ?? '') }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await evaluate(JSON.parse(line))) + '\n')
}
