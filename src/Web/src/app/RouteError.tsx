/** The last resort: something on the page itself broke. */
export function RouteError() {
  return (
    <div className="state" role="alert">
      <h1>This page broke</h1>
      <p>The tasks themselves are not affected. Reload to go on.</p>
      <button className="button" onClick={() => location.reload()}>Reload</button>
    </div>
  )
}
