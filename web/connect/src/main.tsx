import { render } from 'preact'
import { Connect } from './connect/Connect'
import { WindowDone } from './connect/WindowDone'
import { chooseLanguage, t } from './i18n'
import { readParams } from './params'
import { PostConnect } from './form/PostConnect'
import './style.css'

const params = readParams()
document.documentElement.lang = chooseLanguage([params.lang, ...navigator.languages])
document.title = t('title')

// A page that comes back from the browser's memory, by its Back button, is asked
// for again: the attempt that it began is under way.
addEventListener('pageshow', (event) => {
  if (event.persisted) {
    location.reload()
  }
})

function App() {
  if (location.pathname.endsWith('/post-connect')) {
    return <PostConnect params={params} />
  }
  return params.window === 'done' ? <WindowDone /> : <Connect params={params} />
}

render(<App />, document.getElementById('app')!)
