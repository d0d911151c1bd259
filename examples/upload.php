#!/usr/bin/env php
<?php
// upload.php [--overwrite] FILE URL
//
// Uploads a file to a WebDAV server with cURL and explains a refusal. A URL that ends with a slash gets the name of
// the file. Name and password come from WEBDAV_USER and WEBDAV_PASSWORD. What is there already stays, unless
// --overwrite is given. The exit codes are in README.md beside this file. PHP 8.2 or newer.

declare(strict_types=1);

const STORED = 0, OTHER = 1, USAGE = 2, NETWORK = 3, UNAUTHORIZED = 4, EXISTS = 5, TOO_LARGE = 6, NO_ROOM = 7, LOCKED = 8;

exit(main(array_slice($argv, 1)));

function main(array $words): int
{
    $overwrite = ($words[0] ?? '') === '--overwrite';
    if ($overwrite) {
        array_shift($words);
    }
    if (count($words) !== 2) {
        return usage('a file and a URL are needed');
    }
    [$name, $url] = $words;
    if (!is_file($name)) {
        return usage("$name is no file");
    }
    $file = @fopen($name, 'rb');
    if ($file === false) {
        return usage("$name cannot be read");
    }
    if (!preg_match('~^https?://[^/]~', $url)) {
        return usage("$url is no http or https URL");
    }
    if (str_ends_with($url, '/')) {
        $url .= rawurlencode(basename($name));
    }
    return upload($file, $name, $url, $overwrite);
}

function upload($file, string $name, string $url, bool $overwrite): int
{
    $curl = curl_init($url);
    curl_setopt_array($curl, transfer($file, $overwrite) + credentials());
    $text = curl_exec($curl);
    $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
    $type = curl_getinfo($curl, CURLINFO_CONTENT_TYPE);
    if (curl_getinfo($curl, CURLINFO_SIZE_UPLOAD) > 0) {
        fwrite(STDERR, "\n");
    }
    if (curl_errno($curl) === CURLE_URL_MALFORMAT) {
        return usage("$url is no URL");
    }
    if ($status < 200) {
        say('the connection failed before there was an answer: ' . curl_error($curl));
        say('Look whether the file is there before you try again.');
        return NETWORK;
    }
    if (in_array($status, [200, 201, 204], true)) {
        echo "stored: $url\n";
        return STORED;
    }
    $problem = $type === 'application/problem+json' ? json_decode((string) $text, true) : null;
    return explain($status, $problem ?? [], (string) $text, $name);
}

/**
 * Expect holds the file back until the server has said yes, so a refused file costs no byte. A server that does not
 * know it says nothing, and cURL goes on after five seconds. Only HTTP/1.1 has it.
 */
function transfer($file, bool $overwrite): array
{
    return [
        CURLOPT_UPLOAD => true,
        CURLOPT_INFILE => $file,
        CURLOPT_INFILESIZE => fstat($file)['size'],
        CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
        CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
        CURLOPT_HTTPHEADER => [
            'Expect: 100-continue',
            $overwrite ? 'If-None-Match:' : 'If-None-Match: *',
            'Accept: application/problem+json, application/xml;q=0.5',
        ],
        CURLOPT_EXPECT_100_TIMEOUT_MS => 5000,
        CURLOPT_CONNECTTIMEOUT => 30,
        CURLOPT_LOW_SPEED_LIMIT => 1,
        CURLOPT_LOW_SPEED_TIME => 120,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_NOPROGRESS => false,
        CURLOPT_XFERINFOFUNCTION => showProgress(...),
    ];
}

function credentials(): array
{
    $user = (string) getenv('WEBDAV_USER');
    if ($user === '') {
        return [];
    }
    return [
        CURLOPT_HTTPAUTH => CURLAUTH_BASIC,
        CURLOPT_USERNAME => $user,
        CURLOPT_PASSWORD => (string) getenv('WEBDAV_PASSWORD'),
    ];
}

function showProgress(CurlHandle $curl, int $downloadTotal, int $downloaded, int $total, int $sent): int
{
    static $shown = null;
    $percent = $total > 0 ? intdiv($sent * 100, $total) : 0;
    if ($sent > 0 && $percent !== $shown) {
        $shown = $percent;
        fprintf(STDERR, "\r%3d %% of %s", $percent, size($total));
    }
    return 0;
}

/** Says why it was not stored and what can be done. Nothing is tried again by itself (RFC 4918, section 11.5). */
function explain(int $status, array $problem, string $text, string $name): int
{
    switch ($status) {
        case 507:
            say("$name was not stored: the server has no room for it (507)");
            explainNoRoom($problem, $text);
            return NO_ROOM;
        case 401:
            say("$name was not stored: name or password is wrong, see WEBDAV_USER and WEBDAV_PASSWORD (401)");
            return UNAUTHORIZED;
        case 412:
            say("$name was not stored: something has this name already, and --overwrite was not given (412)");
            return EXISTS;
        case 413:
            say("$name was not stored: it is too large for this server (413)");
            if (isset($problem['limit'])) {
                say('No file may be larger than ' . size($problem['limit']) . '.');
            }
            return TOO_LARGE;
        case 423:
            say("$name was not stored: somebody has locked what is there; wait until they are done (423)");
            return LOCKED;
        default:
            say("$name was not stored: the server answered $status " . ($problem['detail'] ?? ''));
            return OTHER;
    }
}

function explainNoRoom(array $problem, string $text): void
{
    $cause = $problem['cause'] ?? '';
    $root = $problem['root'] ?? '';
    $amount = in_array($cause, ['inodes', 'entries'], true) ? fn (int $count) => "$count files" : size(...);
    $which = match ($cause) {
        'user-quota' => 'the quota of your account',
        'collection-quota' => "the quota of $root",
        'disk-bytes' => 'the disk of the server',
        'inodes' => 'the number of files on the disk of the server',
        'entries' => "the number of files in $root",
        default => conditionIn($text),
    };
    foreach (['needed', 'available'] as $label) {
        if (isset($problem[$label])) {
            fprintf(STDERR, "  %-10s %s\n", $label, $amount($problem[$label]));
        }
    }
    if (isset($problem['limit'], $problem['used'])) {
        $which .= ": {$amount($problem['limit'])}, used {$amount($problem['used'])}";
    }
    fprintf(STDERR, "  %-10s %s\n", 'limit', $which);
    say(str_contains($which, 'disk')
        ? 'Nothing was changed. Tell whoever runs the server that it is full, or delete something there.'
        : 'Nothing was changed. Delete something there, or ask for a larger quota.');
    say('Upload it again only then: until something has changed it would be refused again.');
}

/** What every server may say: the two conditions of RFC 4331. */
function conditionIn(string $text): string
{
    return match (true) {
        str_contains($text, 'quota-not-exceeded') => 'a quota',
        str_contains($text, 'sufficient-disk-space') => 'the disk of the server',
        default => 'the server does not say which',
    };
}

function size(int $count): string
{
    $units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    for ($size = $count; $size >= 1024 && count($units) > 1; $size /= 1024) {
        array_shift($units);
    }
    return $units[0] === 'bytes' ? "$count bytes" : sprintf('%.1f %s (%d bytes)', $size, $units[0], $count);
}

function usage(string $sentence): int
{
    say($sentence);
    say('usage: upload.php [--overwrite] FILE URL');
    return USAGE;
}

function say(string $sentence): void
{
    fwrite(STDERR, "upload: $sentence\n");
}
