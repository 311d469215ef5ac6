# What a Varnish in front of content-api does, whatever its backend is. docs/how-to/put-a-cache-in-front.md says how to
# include it. Tested with Varnish 7.1.

vcl 4.1;

import std;

# Who may have answers dropped: where content-api runs.
acl publishers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ publishers) {
            return (synth(403, "Forbidden"));
        }
        if (req.http.Cache-Tag !~ "^[a-z0-9/:,-]+$") {
            return (synth(400, "No tags"));
        }
        # A ban that looks at nothing but `obj` is also carried out in the background, and then forgotten.
        if (!std.ban("obj.http.Cache-Tag ~ (^|,)(" + regsuball(req.http.Cache-Tag, ",", "|") + ")(,|$)")) {
            return (synth(500, std.ban_error()));
        }
        return (synth(200, "Dropped"));
    }
    if (req.http.Upgrade ~ "(?i)websocket") {
        return (pipe);
    }
    if (req.url ~ "^/(graphql/stream|preview/)") {
        return (pass);
    }
    if (req.url ~ "^/graphql(\?|$)") {
        unset req.http.Cookie; # content-api looks at none
    }
}

sub vcl_pipe {
    if (req.http.Upgrade) {
        set bereq.http.Upgrade = req.http.Upgrade;
        set bereq.http.Connection = req.http.Connection;
    }
}

sub vcl_backend_response {
    # What has tags is dropped when it changes, and may be kept as long as it does not. The day changes what depends on
    # it (`today`) without anybody saying so; what is immutable has its year already.
    if (beresp.ttl > 0s && beresp.http.Cache-Tag && beresp.http.Cache-Tag !~ "(^|,)today(,|$)"
        && beresp.http.Cache-Control !~ "immutable") {
        set beresp.ttl = 1d;
    }
}

sub vcl_deliver {
    # Nobody has said that it changed, so that it is as good as new: browsers may count its ten seconds from now.
    if (resp.http.Cache-Tag && resp.http.Cache-Control !~ "immutable") {
        unset resp.http.Age;
    }
    set resp.http.X-Cache = "miss";
    if (obj.hits > 0) {
        set resp.http.X-Cache = "hit";
    }
}
