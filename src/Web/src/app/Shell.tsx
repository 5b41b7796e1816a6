import { useCallback, useState } from 'react'
import { Link, NavLink, Outlet, useNavigate } from 'react-router'
import { UndoToasts } from '../features/conversations/UndoToasts'
import { useHotkeys } from '../lib/hotkeys'
import { ConnectionBadge } from './ConnectionBadge'
import { KeyboardHelp } from './KeyboardHelp'
import { Notices } from './Notices'
import { KeyboardIcon, LogoIcon, MoonIcon, SearchIcon, SunIcon, SystemIcon } from './icons'
import { Palette } from './palette/Palette'
import { type Theme, setTheme, useTheme } from './theme'

const nextTheme: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }

export function Shell() {
  const [help, setHelp] = useState(false)
  const [palette, setPalette] = useState(false)
  const navigate = useNavigate()
  const theme = useTheme()
  const closePalette = useCallback(() => setPalette(false), [])
  const showHelp = useCallback(() => setHelp(true), [])
  useHotkeys({
    'mod+k': () => setPalette(true),
    'g o': () => void navigate('/overview'),
    'g t': () => void navigate('/tasks'),
    'g c': () => void navigate('/conversations'),
    'g n': () => void navigate('/conversations/new'),
    'g s': () => void navigate('/system'),
    '?': showHelp,
  })
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus() }}>
        Skip to content
      </a>
      <header className="topbar">
        <Link className="brand" to="/overview" aria-label="Groote, to the overview">
          <LogoIcon />
          <span>Groote</span>
        </Link>
        <nav className="nav" aria-label="Main">
          <NavLink to="/overview">Overview</NavLink>
          <NavLink to="/tasks">Tasks</NavLink>
          <NavLink to="/conversations">Conversations</NavLink>
          <NavLink to="/system">System</NavLink>
          <a href="/docs">API</a>
        </nav>
        <div className="topbar-end">
          <button className="find" onClick={() => setPalette(true)} aria-label="Find anything" aria-keyshortcuts="Control+K Meta+K" title="Find anything (Ctrl K)">
            <SearchIcon /><span className="find-text">Find</span><kbd className="find-keys">Ctrl K</kbd>
          </button>
          <ConnectionBadge />
          <button className="icon-button" onClick={() => setTheme(nextTheme[theme])} aria-label={`Theme: ${theme}. Change`} title={`Theme: ${theme}`}>
            {theme === 'light' ? <SunIcon /> : theme === 'dark' ? <MoonIcon /> : <SystemIcon />}
          </button>
          <button className="icon-button hide-narrow" onClick={showHelp} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)">
            <KeyboardIcon />
          </button>
        </div>
      </header>
      <main id="main" className="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Notices><UndoToasts /></Notices>
      <KeyboardHelp open={help} onClose={() => setHelp(false)} />
      <Palette open={palette} onClose={closePalette} onHelp={showHelp} />
    </div>
  )
}
