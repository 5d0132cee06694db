// A front end that reads by the generated TypeScript client. Prints what it has seen.
import createClient from 'openapi-fetch'
import type {components, paths} from './delivery.ts'

type Block = components['schemas']['Block']
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

async function titles(): Promise<string[]> {
  const found: string[] = []
  let cursor: string | undefined
  do {
    const {data, error} = await anonymous.GET('/v1/articles', {params: {query: {limit: 7, cursor}}})
    if (error) fail(error)
    for (const card of data.items) if (card.title !== undefined) found.push(card.title)
    cursor = data.next_cursor ?? undefined
  } while (cursor)
  return found
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
    titles: await titles(),
    teaser: {access: teaser.data.access, body: teaser.data.body.map(shown)},
    whole: {access: whole.data.access, body: whole.data.body.map(shown)},
    email: me.data.email,
    again: again.response.status,
    never: {type: never.error.type, status: never.error.status, detail: never.error.detail},
  }),
)
