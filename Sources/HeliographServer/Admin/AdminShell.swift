import LiveHTML
import LiveViews

/// What is around the admin pages.
enum AdminShell {
    static func page(_ page: LivePage) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>\(page.title ?? "Admin") · Heliograph</title>
        <link rel="icon" href="/admin/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/admin/assets/site.css">
        <link rel="stylesheet" href="/admin/assets/admin.css">
        <script defer src="/admin/assets/heliograph-live.js"></script>
        </head>
        <body>
        <div class="admin" data-live-page>
        <p class="flash" data-flash role="status" hidden></p>
        \(page.root)
        </div>
        </body>
        </html>

        """
    }

    static func login(token: String, next: String, problem: String?) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>Log in · Heliograph</title>
        <link rel="icon" href="/admin/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/admin/assets/site.css">
        <link rel="stylesheet" href="/admin/assets/admin.css">
        </head>
        <body class="login">
        <main>
        <p class="brand"><img src="/admin/assets/icon.svg" alt="" width="36" height="36">Heliograph</p>
        <form class="card" id="login" method="post" action="/admin/login">
        <h1>Log in</h1>
        <p class="hint">The server's admin pages.</p>
        <input type="hidden" name="token" value="\(token)">
        <input type="hidden" name="next" value="\(next)">
        <input type="text" name="username" value="admin" autocomplete="username" hidden>
        <div class="field"><label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required autofocus aria-invalid="\(problem == nil ? "false" : "true")" aria-describedby="problem"></div>
        <p class="error-text" id="problem" role="alert">\(problem ?? "")</p>
        <button class="button primary">Log in</button>
        </form>
        </main>
        </body>
        </html>

        """
    }
}
