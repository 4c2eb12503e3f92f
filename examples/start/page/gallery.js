/* Runs in the gallery: finds while one types. Without it the form asks for a page, as forms do. */
const form = document.querySelector('.search')
const input = document.getElementById('query')
let waiting = 0
let asked = new AbortController()

form.addEventListener('submit', event => {
  event.preventDefault()
  find()
})

input.addEventListener('input', () => {
  clearTimeout(waiting)
  waiting = setTimeout(find, 250)
})

async function find() {
  clearTimeout(waiting)
  asked.abort()
  asked = new AbortController()
  const query = input.value.trim()
  const address = query === '' ? '/' : `/?${new URLSearchParams({ q: query })}`
  try {
    const response = await fetch(address, { signal: asked.signal })
    if (!response.ok) return
    const found = new DOMParser().parseFromString(await response.text(), 'text/html')
    // The line that says how many there are stays, so that its change is read out.
    document.querySelector('.count').textContent = found.querySelector('.count').textContent
    for (const part of ['.images', '.pager']) replace(part, found)
    document.title = found.title
    history.replaceState(null, '', address)
  } catch (error) {
    if (error.name !== 'AbortError') throw error
  }
}

function replace(selector, found) {
  const [old, fresh] = [document.querySelector(selector), found.querySelector(selector)]
  if (old && fresh) old.replaceWith(fresh)
  else if (old) old.remove()
  else if (fresh) document.getElementById('results').append(fresh)
}
