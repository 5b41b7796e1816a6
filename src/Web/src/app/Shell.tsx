import { useState } from 'react'
import { Link, NavLink, Outlet, useNavigate } from 'react-router'
import { useHotkeys } from '../lib/hotkeys'
import { ConnectionBadge } from './ConnectionBadge'
import { KeyboardHelp } from './KeyboardHelp'
import { KeyboardIcon, LogoIcon, MoonIcon, SunIcon, SystemIcon } from './icons'
import { type Theme, setTheme, useTheme } from './theme'

const nextTheme: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }

export function Shell() {
  const [help, setHelp] = useState(false)
  const navigate = useNavigate()
  const theme = useTheme()
  useHotkeys({
    'g t': () => void navigate('/tasks'),
    'g s': () => void navigate('/system'),
    '?': () => setHelp(true),
  })
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus() }}>
        Skip to content
      </a>
      <header className="topbar">
        <Link className="brand" to="/tasks" aria-label="Groote, to the tasks">
          <LogoIcon />
          <span>Groote</span>
        </Link>
        <nav className="nav" aria-label="Main">
          <NavLink to="/tasks">Tasks</NavLink>
          <NavLink to="/system">System</NavLink>
          <a href="/docs">API</a>
        </nav>
        <div className="topbar-end">
          <ConnectionBadge />
          <button className="icon-button" onClick={() => setTheme(nextTheme[theme])} aria-label={`Theme: ${theme}. Change`} title={`Theme: ${theme}`}>
            {theme === 'light' ? <SunIcon /> : theme === 'dark' ? <MoonIcon /> : <SystemIcon />}
          </button>
          <button className="icon-button hide-narrow" onClick={() => setHelp(true)} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)">
            <KeyboardIcon />
          </button>
        </div>
      </header>
      <main id="main" className="main" tabIndex={-1}>
        <Outlet />
      </main>
      <KeyboardHelp open={help} onClose={() => setHelp(false)} />
    </div>
  )
}
