// Mercurius with JIT, over the entities that content-api exports.
//
//   node server.js SCHEMA ENTITIES PORT
//
// SCHEMA is schema/schema.graphql; ENTITIES is JSON with the entities of each kind in their usual order, which refer to
// one another by key. Resolvers are there for what the benchmark asks; all other fields are properties.

import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const [schemaFile, entitiesFile, port] = process.argv.slice(2)
const schema = readFileSync(schemaFile, 'utf8')
const entities = JSON.parse(readFileSync(entitiesFile, 'utf8'))

const by = (property) => Object.fromEntries(
  Object.entries(entities).map(([kind, found]) => [kind, new Map(found.map((entity) => [entity[property], entity]))])
)
const byKey = by('key')
const bySlug = by('slug')

// ---- filters and orders, as far as they are asked for

const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
for (const condition of entities.conditions) condition.folded = fold(condition.name)

const TESTS = {
  kind: ({ eq }) => (entity) => entity.kind === eq,
  name: ({ contains }) => {
    const needle = fold(contains)
    return (entity) => entity.folded.includes(needle)
  }
}
const KEYS = { NAME: 'folded', SLUG: 'slug', KEY: 'key' }

function select (found, where, orderBy) {
  const tests = Object.entries(where ?? {}).map(([name, operand]) => TESTS[name](operand))
  const selected = tests.length ? found.filter((entity) => tests.every((test) => test(entity))) : found
  return orderBy ? selected.toSorted((one, other) => compared(one, other, orderBy)) : selected
}

function compared (one, other, orderBy) {
  for (const { field, direction } of orderBy) {
    const [a, b] = [one[KEYS[field]], other[KEYS[field]]]
    if (a !== b) return (a < b) === (direction === 'ASC') ? -1 : 1
  }
  return 0
}

// ---- resolvers

function page (found, size) {
  const nodes = found.slice(0, size)
  return { totalCount: found.length, nodes, pageInfo: { nodes, hasNextPage: found.length > nodes.length } }
}

const cursor = ({ key, served }) =>
  Buffer.from(JSON.stringify([served.version, `condition/${key}`])).toString('base64url')
const one = (kind) => (_, { slug, key }) => (slug ? bySlug[kind].get(slug) : byKey[kind].get(key)) ?? null
const requiredCautions = (entity) => entity.requiredCautions.map(({ key }) => byKey.cautions.get(key))
const condition = (edge) => byKey.conditions.get(edge.condition.key)

const resolvers = {
  Query: {
    condition: one('conditions'),
    symptom: one('symptoms'),
    conditions: (_, { where, orderBy, first = 20 }) => page(select(entities.conditions, where, orderBy), first)
  },
  PageInfo: { endCursor: ({ nodes }) => nodes.length ? cursor(nodes.at(-1)) : null },
  Condition: {
    requiredCautions,
    sections: ({ sections }, { aspects }) =>
      aspects ? sections.filter(({ aspect }) => aspects.includes(aspect)) : sections,
    codings: ({ codings }, { system }) => system ? codings.filter((coding) => coding.system === system) : codings
  },
  Symptom: { requiredCautions },
  Cause: { requiredCautions },
  Treatment: { requiredCautions },
  ConditionSymptom: { symptom: ({ symptom }) => byKey.symptoms.get(symptom.key) },
  ConditionCause: { cause: ({ cause }) => byKey.causes.get(cause.key) },
  ConditionTreatment: { treatment: ({ treatment }) => byKey.treatments.get(treatment.key) },
  RelatedCondition: { condition },
  SymptomCondition: { condition },
  TreatmentCondition: { condition }
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, jit: 1 })
await app.listen({ host: '127.0.0.1', port: Number(port) })
