import Hummingbird
import WebMiddleware

/// What browsers are told about the pages: nothing from elsewhere, nothing inline, no frames, no text that becomes markup.
enum PageSecurity {
    static let pages = SecurityHeaders<BasicRequestContext>(options([.styleSrc(.self)], trustedTypes: .none))

    /// Live views have widths and colours in attributes; and their client parses templates, which the server made, as markup. Their forms are posted, and
    /// with `no-referrer` a browser would say `Origin: null`.
    static let live: SecurityHeaders<BasicRequestContext> = {
        var options = Self.options([.styleSrc(.self), .styleSrcAttr(.unsafeInline)], trustedTypes: .policyName("heliograph-live"))
        options.referrerPolicy = .sameOrigin
        return SecurityHeaders(options)
    }()

    /// Of live views too, but without style in attributes.
    static let admin: SecurityHeaders<BasicRequestContext> = {
        var options = Self.options([.styleSrc(.self)], trustedTypes: .policyName("heliograph-live"))
        options.referrerPolicy = .sameOrigin
        return SecurityHeaders(options)
    }()

    private static func options(
        _ styles: [ContentSecurityPolicy.Directive], trustedTypes: ContentSecurityPolicy.TrustedTypesValue
    ) -> SecurityHeaderOptions {
        var options = SecurityHeaderOptions()
        options.contentSecurityPolicy = .fixed(
            ContentSecurityPolicy(
                [.defaultSrc(.none), .scriptSrc(.self)] + styles + [
                    .imgSrc(.self), .connectSrc(.self), .formAction(.self), .baseURI(.none), .frameAncestors(.none),
                    .requireTrustedTypesFor(.script), .trustedTypes(trustedTypes),
                ]))
        // With the opener policy this isolates the page, and an isolated page gets a clock of microseconds: for the echo page.
        options.crossOriginEmbedderPolicy = "require-corp"
        return options
    }
}
