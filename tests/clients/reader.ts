// A front end that reads by the generated TypeScript client. Prints what it has seen.
import createClient from 'openapi-fetch'
import type {components, paths} from './delivery.ts'

type Article = components['schemas']['Article']
type Block = components['schemas']['Block']
type Card = components['schemas']['Card']
type CardPage = components['schemas']['CardPage']
type PartialCardPage = components['schemas']['PartialCardPage']
type Problem = components['schemas']['Problem']

const [base = '', username = '', password = ''] = process.argv.slice(2)
const anonymous = createClient<paths>({baseUrl: base})

function fail(problem: Problem): never {
  throw new Error(`${problem.status} ${problem.type}: ${problem.detail}`)
}

/** What a reader sees of a block: every kind is told by its `_type`, and none is forgotten. */
function shown(block: Block): string {
  switch (block._type) {
    case 'block':
      return block.children.map((span) => span.text).join('')
    case 'image':
      return `[${block.media.alt}]`
    case 'related':
      return block.article.title
    case 'embed':
      return block.url
    case 'divider':
      return '---'
    default:
      return block satisfies never
  }
}

/** The body is one text where `body_format` asked for one. */
function lines({body}: Article): string[] {
  return typeof body === 'string' ? [body] : body.map(shown)
}

/** Cards have all their fields unless `fields` asked for some, and a program that never sends it asks this once. */
function isWhole(page: CardPage | PartialCardPage): page is CardPage {
  return page.items.every((card) => card.access !== undefined && card.canonical_url !== undefined)
}

async function cards(cursor?: string): Promise<CardPage> {
  const {data, error} = await anonymous.GET('/v1/articles', {params: {query: {limit: 7, cursor}}})
  if (error) fail(error)
  if (!isWhole(data)) throw new Error('it should have all fields')
  return data
}

/** A line of a front page: it takes whole cards, and has nothing to ask of them. */
function line({title, section, credits, access}: Card): string {
  return `${section?.name ?? ''}: ${title} (${credits.map((credit) => credit.name).join(', ')}), ${access.requires}`
}

async function all(): Promise<Card[]> {
  const found: Card[] = []
  let cursor: string | undefined
  do {
    const page = await cards(cursor)
    found.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return found
}

/** Only what was asked for is there, and the types say so. */
async function slugs(): Promise<(string | undefined)[]> {
  const {data, error} = await anonymous.GET('/v1/articles', {params: {query: {fields: 'slug', limit: 3}}})
  if (error) fail(error)
  if (isWhole(data)) throw new Error('it should have one field')
  return data.items.map((card) => card.slug)
}

async function signedIn() {
  const {data, error} = await anonymous.POST('/v1/auth/token', {
    body: {grant_type: 'password', username, password},
    headers: {'Content-Type': 'application/x-www-form-urlencoded'},
    bodySerializer: (form) => new URLSearchParams(Object.entries(form)).toString(),
  })
  if (error) fail(error)
  return createClient<paths>({baseUrl: base, headers: {Authorization: `Bearer ${data.access_token}`}})
}

const slug = 'the-grande-sourde'
const article = {params: {path: {slug_or_id: slug}}}
const teaser = await anonymous.GET('/v1/articles/{slug_or_id}', article)
if (teaser.error) fail(teaser.error)

const found = await all()
const ninjs = await anonymous.GET('/v1/articles/{slug_or_id}/ninjs', article)
if (ninjs.error) fail(ninjs.error)
const feed = await anonymous.GET('/v1/feeds/feed.json')
if (feed.error) fail(feed.error)
const text = await anonymous.GET('/v1/articles/{slug_or_id}/text', {...article, parseAs: 'text'})
if (text.error) fail(text.error)

const reader = await signedIn()
const whole = await reader.GET('/v1/articles/{slug_or_id}', article)
if (whole.error) fail(whole.error)
const me = await reader.GET('/v1/me')
if (me.error) fail(me.error)

const etag = teaser.response.headers.get('ETag') ?? ''
const again = await anonymous.GET('/v1/articles/{slug_or_id}', {
  params: {path: {slug_or_id: slug}, header: {'If-None-Match': etag}},
})
const never = await anonymous.GET('/v1/articles/{slug_or_id}', {params: {path: {slug_or_id: 'never'}}})
if (!never.error) throw new Error('it should not be there')

console.log(
  JSON.stringify({
    titles: found.map((card) => card.title),
    lines: found.map(line),
    slugs: await slugs(),
    teaser: {access: teaser.data.access, body: lines(teaser.data)},
    whole: {access: whole.data.access, body: lines(whole.data)},
    ninjs: {form: ninjs.data.representationType, bodies: ninjs.data.bodies.map((one) => one.contentType)},
    feed: feed.data.items.map((item) => item.title),
    text: text.data,
    email: me.data.email,
    again: again.response.status,
    never: {type: never.error.type, status: never.error.status, detail: never.error.detail},
  }),
)
