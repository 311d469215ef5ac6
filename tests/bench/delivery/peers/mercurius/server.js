// Mercurius with JIT, over the entities that content-api exports, in memory and linked with one another.
//
//   node server.js SCHEMA ENTITIES PORT
//
// SCHEMA is schema/schema.graphql; ENTITIES is JSON with the entities of each kind in their usual order, references as
// keys. Resolvers are there for what the benchmark asks; all other fields are properties.

import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const [schemaFile, entitiesFile, port] = process.argv.slice(2)
const schema = readFileSync(schemaFile, 'utf8')
const entities = JSON.parse(readFileSync(entitiesFile, 'utf8'))

// ---- linking: a key becomes the entity that it names

const LINKS = {
  conditions: ['symptoms', 'causes', 'treatments', 'relatedConditions'],
  symptoms: ['conditions'],
  causes: ['conditions'],
  treatments: ['conditions'],
  cautions: []
}
const KIND = { symptom: 'symptoms', cause: 'causes', treatment: 'treatments', condition: 'conditions' }

const by = (property) => Object.fromEntries(
  Object.entries(entities).map(([kind, found]) => [kind, new Map(found.map((entity) => [entity[property], entity]))])
)
const byKey = by('key')
const bySlug = by('slug')

for (const [kind, found] of Object.entries(entities)) {
  for (const entity of found) {
    entity.requiredCautions = entity.requiredCautions.map(({ key }) => byKey.cautions.get(key))
    entity.folded = fold(entity.name)
    for (const edge of LINKS[kind].flatMap((name) => entity[name])) {
      for (const [one, many] of Object.entries(KIND)) {
        if (edge[one]) edge[one] = byKey[many].get(edge[one].key)
      }
    }
  }
}

// ---- filters and orders, as far as they are asked for

function fold (text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

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
  const selected = found.filter((entity) => tests.every((test) => test(entity)))
  if (!orderBy) return selected
  return selected.sort((one, other) => {
    for (const { field, direction } of orderBy) {
      const [a, b] = [one[KEYS[field]], other[KEYS[field]]]
      if (a !== b) return (a < b) === (direction === 'ASC') ? -1 : 1
    }
    return 0
  })
}

// ---- pages

const cursor = ({ key, served }) => Buffer.from(JSON.stringify([served.version, `condition/${key}`])).toString('base64url')

function page (found, size) {
  const nodes = found.slice(0, size)
  return {
    totalCount: found.length,
    nodes,
    pageInfo: {
      hasNextPage: found.length > nodes.length,
      hasPreviousPage: false,
      startCursor: () => nodes.length ? cursor(nodes[0]) : null,
      endCursor: () => nodes.length ? cursor(nodes.at(-1)) : null
    }
  }
}

const one = (kind) => (_, { slug, key }) => (slug ? bySlug[kind].get(slug) : byKey[kind].get(key)) ?? null

const resolvers = {
  Query: {
    condition: one('conditions'),
    symptom: one('symptoms'),
    conditions: (_, { where, orderBy, first = 20 }) =>
      page(where || orderBy ? select(entities.conditions, where, orderBy) : entities.conditions, first)
  },
  Condition: {
    sections: ({ sections }, { aspects }) =>
      aspects ? sections.filter(({ aspect }) => aspects.includes(aspect)) : sections,
    codings: ({ codings }, { system }) => system ? codings.filter((coding) => coding.system === system) : codings
  }
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, jit: 1 })
await app.listen({ host: '127.0.0.1', port: Number(port) })
