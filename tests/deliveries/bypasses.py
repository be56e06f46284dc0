"""Known ways to have a server call into its own network: addresses in every spelling,
names that lie, and URLs that two readers read differently.

``{port}`` is where something listens on all addresses of this machine. Each entry has
to be refused; the names among them resolve as ``NAMES`` says.
"""

from typing import Final

LOOPBACK: Final = (
    *("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.127.127.127", "127.255.255.254"),
    *("127.1", "127.0.1", "127.65535", "127.16777215", "127.0.0.1.", "127.0.0.1.."),
    *("127.1.", "0", "0.0.0.0", "0.0", "0.0.0", "0.0.0.0.", "0x0", "00", "0.1.2.3"),
    *("2130706433", "2130706433.", "02130706433", "017700000001", "0017700000001"),
    *("0x7f000001", "0X7F000001", "0x7F.1", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1"),
    *("0x7f.0.1", "0x7f.1.", "0x0000007f.1", "0x07f.0x00.0x00.0x01", "0x7f.65535"),
    *("0177.0.0.1", "0177.1", "0177.0.01", "00177.0.0.1", "0000177.0.0.1"),
    *("0177.0x0.0.1", "127.0x0.0.0x1", "0x7f.0.0x0.01", "127.0.0.01", "127.000.000.1"),
    *("127.0.0.0x1", "127.00.00.01", "0177.00.00.01", "127.0x000001", "127.0000001"),
)
PRIVATE: Final = (
    *("10.0.0.1", "10.1", "10.255.255.255", "0xa.1", "0xa000001", "012.0.0.1"),
    *("167772161", "172.16.0.1", "172.31.255.254", "0xac.0x10.0.1", "0xac100001"),
    *("2886729729", "0254.020.0.1", "192.168.0.1", "192.168.1", "192.11010049"),
    *("0xc0.0xa8.0.1", "0xc0a80001", "3232235521", "0300.0250.0.1", "030052000001"),
)
METADATA: Final = (
    *("169.254.169.254", "169.254.43518", "0xa9fea9fe", "2852039166", "169.16689662"),
    *("0251.0376.0251.0376", "0xa9.0xfe.0xa9.0xfe", "0xA9FEA9FE", "025177524776"),
    *("169.254.169.254.", "169.254.0xa9fe", "169.254.170.2", "169.254.169.123"),
    *("100.100.100.200", "0x646464c8", "168.63.129.16", "192.0.0.192"),
)
NOT_PUBLIC: Final = (
    *("100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1", "192.88.99.1"),
    *("198.18.0.1", "198.19.255.254", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "4294967295", "0xffffffff"),
)
IPV6: Final = (
    *("[::]", "[::1]", "[0:0:0:0:0:0:0:0]", "[0:0:0:0:0:0:0:1]", "[::0:1]", "[0::1]"),
    *("[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]", "[0::0:0.0.0.1]"),
    *("[::127.0.0.1]", "[::7f00:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::FFFF:7F00:0001]", "[0:0:0:0:0:ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]"),
    *("[::ffff:0:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]"),
    *("[::ffff:a9fe:a9fe]", "[::ffff:192.168.0.1]", "[::ffff:0.0.0.0]", "[::ffff:0:0]"),
    *("[::169.254.169.254]", "[::10.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::1]"),
    *("[64:ff9b::a9fe:a9fe]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::127.0.0.1]"),
    *("[64:ff9b:1:ffff::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:0001::1]"),
    *("[2002:a9fe:a9fe::]", "[2002:a00:1::1]", "[2002:c0a8:1::1]", "[2001::1]"),
    *("[2001:0:7f00:1::]", "[2001:0:5ef5:79fb:0:0:80ff:fffe]", "[2001:10::1]"),
    *("[2001:20::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[fc00::1]"),
    *("[fd00::1]", "[fd00:ec2::254]", "[fd20:ce::254]", "[fe80::1]", "[febf::1]"),
    *("[fec0::1]", "[ff01::1]", "[ff02::1]", "[ff05::1:3]", "[5f00::1]", "[4000::1]"),
    *("[2a00::5efe:7f00:1]", "[2a00::200:5efe:a00:1]", "[e000::1]", "[8000::1]"),
    # zones, and other things after the address
    *("[fe80::1%25eth0]", "[fe80::1%eth0]", "[::1%25lo]", "[::1%lo]", "[::1%251]"),
    *("[::ffff:127.0.0.1%25lo]", "[::1]x", "[::1", "::1]", "[::1]]", "[[::1]]"),
    *("[v1.127.0.0.1]", "[127.0.0.1]", "[localhost]", "[0x7f.1]", "[]"),
)
SCRIPTS: Final = (
    *("①②⑦.⓪.⓪.①", "①②⑦.1", "１２７.0.0.1", "１２７．０．０．１", "127。0。0。1"),
    *("127．0．0．1", "127｡0｡0｡1", "０ｘ７ｆ.1", "⑩.0.0.1", "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "𝟙𝟚𝟟.𝟘.𝟘.𝟙"),
    *("¹²⁷.0.0.1", "₁₂₇.0.0.1", "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "１６９.254.169.254"),
    *("ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ", "𝓁ℴ𝒸𝒶𝓁𝒽ℴ𝓈𝓉", "loc\u00adalhost"),
    *(
        "local\u200dhost",
        "local\u200bhost",
        "localhost\u3002",
        "lOcAlHoSt",
        "127\u200b.0.0.1",
    ),
    *(
        "LOCALHOST",
        "localhost",
        "localhost.",
        "a.localhost",
        "x.y.LocalHost.",
        "ſocalhost",
    ),
    *("xn--localhost-", "xn--", "%6c%6f%63%61%6c%68%6f%73%74", "127%2e0%2e0%2e1"),
    *("127.0.0.1%2f.example.com", "127.0.0.1%00.example.com", "%31%32%37.0.0.1"),
)

#: Names and what they resolve to. The first is what anybody can buy for a few coins.
NAMES: Final[dict[str, list[str]]] = {
    "localtest.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "zero.example": ["0.0.0.0"],
    "unspecified.example": ["::"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "private.example": ["10.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "metadata.google.internal": ["169.254.169.254"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "zoned.example": ["fe80::1%lo"],
    "mixed.example": ["93.184.215.14", "127.0.0.1"],
    "mixed-six.example": ["2a00:1450::5", "::1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "7f000001.rebind.example": ["127.0.0.1"],
    "redis": ["172.18.0.2"],
    "postgres.svc.cluster.local": ["10.96.0.12"],
    "ip6-localhost": ["::1"],
    "localhost.localdomain": ["127.0.0.1"],
    "xn--bcher-kva.example": ["127.0.0.1"],
}

#: Whole URLs: users, delimiters, control characters, schemes, ports.
URLS: Final = (
    *("http://example.com@127.0.0.1:{port}/", "http://127.0.0.1:{port}@example.com/"),
    *(
        "http://a:b@127.0.0.1:{port}/",
        "http://:@127.0.0.1:{port}/",
        "http://@127.0.0.1:{port}/",
    ),
    *(
        "http://example.com%40127.0.0.1:{port}/",
        "http://example.com:80@127.0.0.1:{port}/",
    ),
    *("http://example.com#@127.0.0.1:{port}/", "http://example.com?@127.0.0.1:{port}/"),
    *("http://127.0.0.1:{port}#@example.com/", "http://127.0.0.1:{port}?@example.com/"),
    *(
        "http://127.0.0.1:{port}\\@example.com/",
        "http://example.com\\@127.0.0.1:{port}/",
    ),
    *(
        "http:\\\\127.0.0.1:{port}/",
        "http:/127.0.0.1:{port}/",
        "http:127.0.0.1:{port}/",
    ),
    *("http:///127.0.0.1:{port}/", "//127.0.0.1:{port}/", "127.0.0.1:{port}/", "///x"),
    *(
        "http://127.0.0.1:{port}:80/",
        "http://127.0.0.1 :{port}/",
        "http:// 127.0.0.1:{port}/",
    ),
    *(
        "http://\t127.0.0.1:{port}/",
        "ht\ntp://127.0.0.1:{port}/",
        "http://127.0.0\n.1:{port}/",
    ),
    *(
        "\x00http://127.0.0.1:{port}/",
        " http://127.0.0.1:{port}/",
        "http://127.0.0.1\x00.e.com:{port}/",
    ),
    *(
        "http://localtest.example:{port}/\r\nHost: example.com",
        "http://localtest.example:{port}/ HTTP/1.1",
    ),
    *(
        "http://localtest.example:{port}/\r\n\r\nSET x 1",
        "http://localtest.example:{port}/%0d%0aX:1",
    ),
    *(
        "HTTP://127.0.0.1:{port}/",
        "hTTps://127.0.0.1:{port}/",
        "http://127.0.0.1:0{port}/",
    ),
    *(
        "http://127.0.0.1:+{port}/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:65536/",
    ),
    *(
        "http://127.0.0.1:٣٠/",
        "http://example.com:0/",
        "http://example.com:22/",
        "http://example.com:25/",
    ),
    *(
        "http://example.com:6379/",
        "http://example.com:587/",
        "https://example.com:2049/",
    ),
    *(
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "file://127.0.0.1/etc",
        "gopher://127.0.0.1:{port}/_x",
    ),
    *(
        "dict://127.0.0.1:{port}/",
        "ldap://127.0.0.1:{port}/",
        "ws://127.0.0.1:{port}/",
        "jar:http://127.0.0.1!/",
    ),
    *(
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
        "unix:/run/x.sock",
        "data:text/plain,x",
        "javascript:1",
    ),
    *(
        "url:http://127.0.0.1:{port}/",
        "https+http://127.0.0.1:{port}/",
        "",
        "http://",
        "http://:{port}/",
    ),
    *(
        "http://./",
        "http://../",
        "http://.127.0.0.1:{port}/",
        "http://" + "a" * 3000 + ".example/",
    ),
    *(
        "http://example.com/" + "a" * 3000,
        "http://" + "a." * 200 + "example/",
        "http://[::1:{port}/",
    ),
    *(
        "http://127.0.0.1,example.com:{port}/",
        "http://127.0.0.1;example.com:{port}/",
        "http://{{127.0.0.1}}:{port}/",
    ),
    *(
        "http://localhost,.example:{port}/",
        "http://127.0.0.1&@example.com:{port}/",
        "http://0/",
    ),
)


def urls(port: int) -> list[str]:
    """Every bypass as a URL that ends at ``port``."""
    hosts = (
        *LOOPBACK,
        *PRIVATE,
        *METADATA,
        *NOT_PUBLIC,
        *IPV6,
        *SCRIPTS,
        *NAMES,
    )
    written = [f"http://{host}:{port}/hook" for host in hosts]
    return written + [url.format(port=port) for url in URLS]
