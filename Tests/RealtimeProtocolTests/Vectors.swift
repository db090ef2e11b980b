// Made by Conformance/realtime/vectors.py. Do not edit.

// swift-format-ignore-file

/// Messages as other people's code writes them: JSON by Python, Protobuf (in hex, after its length) by the classes of `centrifuge-python`.
enum Vectors {
    static let commands: [Vector] = [
        Vector(
            json: ##"{}"##,
            protobuf: "00"),
        Vector(
            json: ##"{"id":1,"connect":{}}"##,
            protobuf: "0408012200"),
        Vector(
            json: ##"{"id":1,"connect":{"token":"t.o.k","data":{"a":[1,"é"]},"subs":{"news":{"recover":true,"epoch":"AbCd","offset":18446744073709551615}},"name":"js","version":"1.2","headers":{"Authorization":"Bearer x"},"flag":-1}}"##,
            protobuf: "67080122630a05742e6f2e6b120e7b2261223a5b312c22c3a9225d7d1a1b0a046e6577731213180132044162436438ffffffffffffffffff0122026a732a03312e3232190a0d417574686f72697a6174696f6e1208426561726572207838ffffffffffffffffff01"),
        Vector(
            json: ##"{"id":4294967295,"subscribe":{"channel":"news:ünï","token":"t","recover":true,"epoch":"e","offset":300,"data":"x","positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","tf":{"op":"and","nodes":[{"key":"a","cmp":"eq","val":"1"},{"op":"not","nodes":[{"key":"b","cmp":"in","vals":["x","","y"]}]}]},"flag":3}}"##,
            protobuf: "5f08ffffffff0f2a570a0a6e6577733ac3bc6ec3af120174180132016538ac0242032278224801500158016206666f7373696c6a290a03616e64320a1201611a02657122013132160a036e6f74320f1201621a02696e2a01782a002a01797003"),
        Vector(
            json: ##"{"id":3,"unsubscribe":{"channel":"news"}}"##,
            protobuf: "0a080332060a046e657773"),
        Vector(
            json: ##"{"id":127,"publish":{"channel":"chat","data":{"text":"hello \"you\"\n😀"}}}"##,
            protobuf: "2a087f3a260a0463686174121e7b2274657874223a2268656c6c6f205c22796f755c225c6ef09f9880227d"),
        Vector.long,
        Vector(
            json: ##"{"id":6,"presence":{"channel":"a"}}"##,
            protobuf: "07080642030a0161"),
        Vector(
            json: ##"{"id":7,"presence_stats":{"channel":"a"}}"##,
            protobuf: "0708074a030a0161"),
        Vector(
            json: ##"{"id":8,"history":{"channel":"a","limit":-1,"since":{"offset":128,"epoch":"xyz"},"reverse":true}}"##,
            protobuf: "1e0808521a0a016138ffffffffffffffffff014208088001120378797a4801"),
        Vector(
            json: ##"{"id":8,"history":{"channel":"a","limit":-2147483648,"since":{}}}"##,
            protobuf: "14080852100a01613880808080f8ffffffff014200"),
        Vector(
            json: ##"{"id":9,"ping":{}}"##,
            protobuf: "0408095a00"),
        Vector(
            json: ##"{"send":{"data":null}}"##,
            protobuf: "0862060a046e756c6c"),
        Vector(
            json: ##"{"id":10,"rpc":{"data":1.5,"method":"m"}}"##,
            protobuf: "0c080a6a080a03312e3512016d"),
        Vector(
            json: ##"{"id":11,"refresh":{"token":"r"}}"##,
            protobuf: "07080b72030a0172"),
        Vector(
            json: ##"{"id":12,"sub_refresh":{"channel":"a","token":"r"}}"##,
            protobuf: "0a080c7a060a0161120172"),
    ]

    static let newerCommands: [Vector] = [
        Vector(
            json: ##"{"id":1,"connect":{"dict":"AAAAAAAAAAAAAAAA","profile":"p"}}"##,
            protobuf: "19080122154210414141414141414141414141414141414a0170"),
        Vector(
            json: ##"{"id":1,"subscribe":{"channel":"m","type":4,"phase":2,"cursor":"cu","limit":-5,"asc":true}}"##,
            protobuf: "2008012a1c0a016d78048001028a010263759001fbffffffffffffffff01980101"),
        Vector(
            json: ##"{"id":2,"publish":{"channel":"m","data":[],"type":1,"key":"k","removed":true}}"##,
            protobuf: "1208023a0e0a016d12025b5d180122016b2801"),
        Vector(
            json: ##"{"id":3,"sub_refresh":{"channel":"m","type":1,"track":[{"signature":"s","items":[{"key":"k","version":7},{}]},{}],"untrack":["a",""]}}"##,
            protobuf: "1e08037a1a0a016d1801220c0a017312050a016b1007120022002a01612a00"),
    ]

    static let replies: [Vector] = [
        Vector(
            json: ##"{}"##,
            protobuf: "00"),
        Vector(
            json: ##"{"id":1,"error":{"code":109,"message":"token expired"}}"##,
            protobuf: "1508011211086d120d746f6b656e2065787069726564"),
        Vector(
            json: ##"{"id":1,"error":{"code":100,"message":"internal server error","temporary":true}}"##,
            protobuf: "1f0801121b08641215696e7465726e616c20736572766572206572726f721801"),
        Vector(
            json: ##"{"id":1,"connect":{"client":"c1","version":"v","expires":true,"ttl":3600,"data":{},"subs":{"s":{"expires":true,"ttl":60,"recoverable":true,"epoch":"e","publications":[{"data":{"t":1},"info":{"user":"u","client":"c","conn_info":{"n":1},"chan_info":[2]},"offset":8,"tags":{"k":"v"},"delta":true,"time":1700000000000,"channel":"w"},{"data":2,"offset":9}],"recovered":true,"offset":7,"positioned":true,"data":{},"was_recovering":true,"delta":true,"id":-9}},"ping":25,"pong":true,"session":"se","node":"no","time":1700000000000}}"##,
            protobuf: "8f0108012a8a010a026331120176180120901c2a027b7d32650a017312600801103c18013201653a3522077b2274223a317d2a140a01751201631a077b226e223a317d22035b325d30083a060a016b12017640014880d095ffbc315201773a0522013230094001480750015a027b7d6001680170f7ffffffffffffffff01381940014a02736552026e6f5880d095ffbc31"),
        Vector(
            json: ##"{"id":2,"subscribe":{"expires":true,"ttl":60,"recoverable":true,"epoch":"e","publications":[{"data":{"t":1},"info":{"user":"u","client":"c","conn_info":{"n":1},"chan_info":[2]},"offset":8,"tags":{"k":"v"},"delta":true,"time":1700000000000,"channel":"w"},{"data":2,"offset":9}],"recovered":true,"offset":7,"positioned":true,"data":{},"was_recovering":true,"delta":true,"id":-9}}"##,
            protobuf: "64080232600801103c18013201653a3522077b2274223a317d2a140a01751201631a077b226e223a317d22035b325d30083a060a016b12017640014880d095ffbc315201773a0522013230094001480750015a027b7d6001680170f7ffffffffffffffff01"),
        Vector(
            json: ##"{"id":3,"unsubscribe":{}}"##,
            protobuf: "0408033a00"),
        Vector(
            json: ##"{"id":4,"publish":{}}"##,
            protobuf: "0408044200"),
        Vector(
            json: ##"{"id":5,"presence":{"presence":{"c1":{"user":"","client":"c1"}}}}"##,
            protobuf: "1008054a0c0a0a0a026331120412026331"),
        Vector(
            json: ##"{"id":6,"presence_stats":{"num_clients":0,"num_users":12}}"##,
            protobuf: "0608065202100c"),
        Vector(
            json: ##"{"id":7,"history":{"publications":[],"epoch":"","offset":0}}"##,
            protobuf: "0408075a00"),
        Vector(
            json: ##"{"id":7,"history":{"publications":[{"data":{"t":1},"info":{"user":"u","client":"c","conn_info":{"n":1},"chan_info":[2]},"offset":8,"tags":{"k":"v"},"delta":true,"time":1700000000000,"channel":"w"}],"epoch":"e","offset":8}}"##,
            protobuf: "4008075a3c0a3522077b2274223a317d2a140a01751201631a077b226e223a317d22035b325d30083a060a016b12017640014880d095ffbc315201771201651808"),
        Vector(
            json: ##"{"id":8,"ping":{}}"##,
            protobuf: "0408086200"),
        Vector(
            json: ##"{"id":9,"rpc":{"data":"d"}}"##,
            protobuf: "0908096a050a03226422"),
        Vector(
            json: ##"{"id":10,"refresh":{"client":"c","version":"v","expires":true,"ttl":1}}"##,
            protobuf: "0e080a720a0a016312017618012001"),
        Vector(
            json: ##"{"id":11,"sub_refresh":{"expires":true,"ttl":2}}"##,
            protobuf: "08080b7a0408011002"),
        Vector(
            json: ##"{"push":{"channel":"news","pub":{"data":{"t":1},"info":{"user":"u","client":"c","conn_info":{"n":1},"chan_info":[2]},"offset":8,"tags":{"k":"v"},"delta":true,"time":1700000000000,"channel":"w"}}}"##,
            protobuf: "3f223d12046e657773223522077b2274223a317d2a140a01751201631a077b226e223a317d22035b325d30083a060a016b12017640014880d095ffbc31520177"),
        Vector(
            json: ##"{"push":{"id":-3,"pub":{"data":0}}}"##,
            protobuf: "12221008fdffffffffffffffff012203220130"),
        Vector(
            json: ##"{"push":{"channel":"a","join":{"info":{"user":"u","client":"c"}}}}"##,
            protobuf: "0f220d1201612a080a060a0175120163"),
        Vector(
            json: ##"{"push":{"channel":"a","leave":{"info":{"user":"u","client":"c"}}}}"##,
            protobuf: "0f220d12016132080a060a0175120163"),
        Vector(
            json: ##"{"push":{"channel":"a","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"##,
            protobuf: "1e221c1201613a1710c4131a12696e73756666696369656e74207374617465"),
        Vector(
            json: ##"{"push":{"message":{"data":{"m":true}}}}"##,
            protobuf: "10220e420c0a0a7b226d223a747275657d"),
        Vector(
            json: ##"{"push":{"channel":"a","subscribe":{"recoverable":true,"epoch":"e","offset":4,"positioned":true,"data":"x"}}}"##,
            protobuf: "1522131201614a0e0801220165280430013a03227822"),
        Vector(
            json: ##"{"push":{"connect":{"client":"c","version":"v","data":1,"subs":{"s":{}},"expires":true,"ttl":5,"ping":25,"pong":true,"session":"s","node":"n","time":6}}}"##,
            protobuf: "24222252200a01631201761a013122050a0173120028013005381940014a017352016e5806"),
        Vector(
            json: ##"{"push":{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}}"##,
            protobuf: "1322115a0f08b917120873687574646f776e1801"),
        Vector(
            json: ##"{"push":{"refresh":{"expires":true,"ttl":9}}}"##,
            protobuf: "082206620408011009"),
    ]

    static let newerReplies: [Vector] = [
        Vector(
            json: ##"{"push":{"channel":"m","pub":{"data":1,"key":"k","removed":true,"score":-1234567890123,"epoch":"e","prev_data":{"p":0},"version":9}}}"##,
            protobuf: "25222312016d221e2201315a016b6001689593d89fee477201657a077b2270223a307d800109"),
        Vector(
            json: ##"{"id":1,"connect":{"flag":1,"dict":{"id":"i","data":"d","data_b64":"ZA=="}}}"##,
            protobuf: "1608012a1260016a0e0a016912032264221a045a413d3d"),
        Vector(
            json: ##"{"id":2,"subscribe":{"type":1,"phase":2,"cursor":"n","state":[{"data":1,"key":"k","removed":true,"score":-1234567890123,"epoch":"e","prev_data":{"p":0},"version":9},{"data":1,"key":"k","removed":true,"score":-1234567890123,"epoch":"e","prev_data":{"p":0},"version":9}],"publish_debounce":100}}"##,
            protobuf: "520802324e78018001028a01016e92011e2201315a016b6001689593d89fee477201657a077b2270223a307d80010992011e2201315a016b6001689593d89fee477201657a077b2270223a307d800109980164"),
        Vector(
            json: ##"{"id":3,"sub_refresh":{"expires":true,"ttl":2,"items":[{"data":1,"key":"k","removed":true,"score":-1234567890123,"epoch":"e","prev_data":{"p":0},"version":9}]}}"##,
            protobuf: "2808037a24080110021a1e2201315a016b6001689593d89fee477201657a077b2270223a307d800109"),
    ]

    static let base = ##"the quick brown fox jumps over the lazy dog"##
    static let patches: [(patch: String, target: String)] = [
        ("g\ng@0,2OF1KR;", ##"the quick brown fox jumps over the lazy dog"##),
        ("h\ng@0,1:!2OF1Kx;", ##"the quick brown fox jumps over the lazy dog!"##),
        ("C\nC@V,1B_x0;", ##"the lazy dog"##),
        ("J\n5@Z,3@G,1:,7@3,3@d,26jnr6;", ##"lazy fox, quick dog"##),
    ]
}
