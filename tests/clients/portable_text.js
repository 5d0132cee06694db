// Reads bodies (lists of Portable Text blocks) and prints each as @portabletext/to-html renders it.
import {readFileSync} from 'node:fs'
import {escapeHTML, toHTML} from '@portabletext/to-html'

// Types that Portable Text has no default for: what readers see of each, as plainly as it can be said.
const types = {
  image: ({value}) => `<figure>${escapeHTML([value.caption, value.credit].filter(Boolean).join(' '))}</figure>`,
  related: ({value}) => `<p>${escapeHTML(value.article.title)}</p>`,
  embed: ({value}) => `<p>${escapeHTML(value.title ?? value.provider ?? value.url)}</p>`,
  divider: () => '<hr/>',
}

const bodies = JSON.parse(readFileSync(0, 'utf8'))
const missing = []
const rendered = bodies.map((body) => toHTML(body, {components: {types}, onMissingComponent: (said) => missing.push(said)}))
console.log(JSON.stringify({rendered, missing}))
