import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter, Navigate, RouterProvider } from 'react-router'
import { ApiError, onReachability } from './api/http'
import { NotFoundPage } from './app/NotFoundPage'
import { isPollingOnly } from './app/pollingOnly'
import { RouteError } from './app/RouteError'
import { Shell } from './app/Shell'
import './app/theme'
import './app/tokens.css'
import './app/app.css'
import './app/palette/palette.css'
import './features/conversations/conversations.css'
import './features/system/system.css'
import './features/tasks/tasks.css'
import './features/tasks/log/log.css'
import './lib/markdown/markdown.css'
import { SystemPage } from './features/system/SystemPage'
import { TaskPage } from './features/tasks/TaskPage'
import { TasksPage } from './features/tasks/TasksPage'
import { RealtimeClient } from './realtime/client'
import { RealtimeProvider } from './realtime/react'

const realtime = new RealtimeClient({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  live: !isPollingOnly(),
})
onReachability((answers) => realtime.reportHttp(answers))

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A server on this machine answers whatever the browser thinks of the network.
      networkMode: 'always',
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      retryDelay: 500,
    },
  },
})

const router = createBrowserRouter([
  {
    element: <Shell />,
    errorElement: <RouteError />,
    hydrateFallbackElement: <></>,
    children: [
      { index: true, element: <Navigate to="/overview" replace /> },
      // With its charts, a part of the page that is loaded when it is wanted.
      { path: 'overview', lazy: async () => ({ Component: (await import('./features/overview/OverviewPage')).OverviewPage }) },
      { path: 'tasks', element: <TasksPage /> },
      { path: 'tasks/:taskId', element: <TaskPage /> },
      {
        // With the reading of markdown, another one.
        path: 'conversations',
        lazy: async () => ({ Component: (await import('./features/conversations/ConversationsPage')).ConversationsPage }),
        children: [
          { index: true, lazy: async () => ({ Component: (await import('./features/conversations/ConversationsPage')).NoConversationOpen }) },
          { path: 'new', lazy: async () => ({ Component: (await import('./features/conversations/NewConversationPage')).NewConversationPage }) },
          { path: ':conversationId', lazy: async () => ({ Component: (await import('./features/conversations/ConversationPage')).ConversationPage }) },
        ],
      },
      { path: 'system', element: <SystemPage /> },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
])

realtime.start()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <RealtimeProvider client={realtime}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </RealtimeProvider>
  </StrictMode>,
)
