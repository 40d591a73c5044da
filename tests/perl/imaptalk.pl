# SPDX-License-Identifier: Apache-2.0
# Mail::IMAPTalk does a day's work; every result is checked.
# Arguments: port, user, password, file with the certificate.
use strict;
use warnings;
use IO::Socket::SSL;
use Mail::IMAPTalk;
use Test::More;

my ($port, $user, $password, $certificate) = @ARGV;

sub connected {
	# It takes the session tickets of TLS 1.3 for a closed connection.
	my $socket = IO::Socket::SSL->new(
		PeerHost => 'localhost', PeerPort => $port,
		SSL_ca_file => $certificate, SSL_version => 'TLSv1_2'
	) or BAIL_OUT("cannot connect: $SSL_ERROR");
	my $imap = Mail::IMAPTalk->new(
		Socket => $socket, Username => $user, Password => $password,
		Uid => 1
	) or BAIL_OUT("cannot log in: $@");
	return $imap;
}

my $alternative = join "\r\n",
	'From: =?utf-8?Q?J=C3=BCrgen?= <jurgen@example.org>',
	'To: bob@example.net, "Carol, C." <carol@example.net>',
	'Cc: friends: dan@example.com, eve@example.com;',
	'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
	'Message-ID: <alt@example.org>',
	'In-Reply-To: <before@example.org>',
	'Date: Wed, 14 Feb 2024 08:00:00 +0100',
	'MIME-Version: 1.0',
	'Content-Type: multipart/alternative; boundary=cut', '',
	'--cut', 'Content-Type: text/plain; charset=utf-8',
	'Content-Transfer-Encoding: base64', '', 'R3LDvMOfZQ0K', '',
	'--cut', 'Content-Type: text/html', '', '<p>Greetings</p>', '',
	'--cut--', '';

sub message {
	my ($n) = @_;
	return "From: ann\@example.org\r\nSubject: Number $n\r\n\r\nBody $n\r\n";
}

my $imap = connected();
ok($imap->capability->{uidplus}, 'announces UIDPLUS');
ok($imap->create($_), "create $_") for ('Work', 'Work/Deep', "Quoted \"name\"");
my %listed = map { $_->[2] =~ s/^inbox$/INBOX/ir => $_ } @{ $imap->list('', '*') };
ok($listed{$_}, "$_ is listed") for ('INBOX', 'Work', 'Work/Deep', 'Quoted "name"');
is($listed{Work}[1], '/', 'the separator');

for my $n (1 .. 10) {
	ok($imap->append('INBOX', $n % 2 ? '(\Seen)' : '()',
		{ Literal => message($n) }), "append $n");
	is($imap->get_response_code('appenduid')->[1], $n, "its UID is $n");
}
ok($imap->append('INBOX', '(\Flagged tag)', '14-Feb-2024 09:00:00 +0000',
	{ Literal => $alternative }), 'append a multipart');
ok($imap->select('INBOX'), 'select');
is($imap->get_response_code('exists'), 11, 'exists');

my $status = $imap->status('INBOX', '(messages unseen uidnext)');
is($status->{messages}, 11, 'status: messages');
is($status->{unseen}, 6, 'status: unseen');
is($status->{uidnext}, 12, 'status: uidnext');

my $got = $imap->fetch('1:*', '(flags rfc822.size internaldate)');
is(join(',', sort { $a <=> $b } keys %$got), join(',', 1 .. 11), 'fetch of all');
is($got->{3}{'rfc822.size'}, length message(3), 'size');
is($got->{11}{internaldate}, '14-Feb-2024 09:00:00 +0000', 'date');
is_deeply([ sort grep { lc $_ ne '\recent' } @{ $got->{11}{flags} } ],
	[ sort '\Flagged', 'tag' ], 'flags');
$got = $imap->fetch('5,7', 'body.peek[]');
is($got->{$_}{body}, message($_), "message $_ as it was") for (5, 7);

$got = $imap->fetch(11, '(envelope bodystructure)')->{11};
my $e = $got->{envelope};
is($e->{Subject}, '=?utf-8?B?R3LDvMOfZQ==?=', 'envelope: subject');
like($e->{From}, qr/jurgen\@example\.org/, 'envelope: from');
like($e->{To}, qr/"Carol, C\." <carol\@example\.net>/, 'envelope: to');
is($e->{'Message-ID'}, '<alt@example.org>', 'envelope: message id');
is($e->{'In-Reply-To'}, '<before@example.org>', 'envelope: in reply to');
my $s = $got->{bodystructure};
is($s->{'MIME-Subtype'}, 'alternative', 'structure: alternative');
is(scalar @{ $s->{'MIME-Subparts'} }, 2, 'structure: two parts');
my ($text, $html) = @{ $s->{'MIME-Subparts'} };
is("$text->{'MIME-Type'}/$text->{'MIME-Subtype'}", 'text/plain', 'the first');
is(lc $text->{'Content-Transfer-Encoding'}, 'base64', 'its encoding');
is($text->{'Content-Type'}{charset}, 'utf-8', 'its charset');
is($text->{Size}, length("R3LDvMOfZQ0K\r\n"), 'its size');
is("$html->{'MIME-Type'}/$html->{'MIME-Subtype'}", 'text/html', 'the second');
my $found = Mail::IMAPTalk::find_message($s);
is($found->{text}{'IMAP-Partnum'}, 1, 'find_message: the text');
is($found->{html}{'IMAP-Partnum'}, 2, 'find_message: the HTML');
is($imap->fetch(11, 'body.peek[1]')->{11}{body}, "R3LDvMOfZQ0K\r\n", 'part 1');

ok($imap->store('2:4', '+flags', '(\Flagged)'), 'store');
is_deeply([ $imap->search('flagged') ], [ 2, 3, 4, 11 ], 'search: flagged');
is_deeply([ $imap->search('not', 'seen', 'uid', '1:6') ], [ 2, 4, 6 ], 'search: unseen');
is_deeply([ $imap->search('subject', { Quote => 'number 1' }) ], [ 1, 10 ], 'search: subject');
is_deeply([ $imap->search('charset', 'utf-8', 'body', { Literal => "gr\xc3\xbc\xc3\x9fe" }) ],
	[11], 'search: decoded text');
is_deeply([ $imap->sort('(reverse subject)', 'utf-8', 'uid', '1:3') ],
	[ 3, 2, 1 ], 'sort');

ok($imap->copy('1:3', 'Work/Deep'), 'copy');
is($imap->get_response_code('copyuid')->[1], '1:3', 'COPYUID');
ok($imap->store('1:2', '+flags', '(\Deleted)'), 'delete');
ok($imap->expunge, 'expunge');
is_deeply([ $imap->search('all') ], [ 3 .. 11 ], 'what is left');
ok($imap->unselect, 'unselect');
ok($imap->examine('Work/Deep'), 'examine');
$got = $imap->fetch('1:*', 'body.peek[]');
is($got->{$_}{body}, message($_), "the copy of $_ is the same") for 1 .. 3;
$imap->store('1', '+flags', '(\Deleted)');
ok(!(grep { /deleted/i } @{ $imap->fetch(1, 'flags')->{1}{flags} }),
	'no store in a read-only mailbox');

# Errors leave the session usable.
ok(!$imap->select('Nowhere'), 'no such mailbox');
ok(!$imap->create('INBOX'), 'INBOX is there already');
ok($imap->noop, 'and on it goes');
ok($imap->rename('Work', 'Labour'), 'rename');
ok((grep { $_->[2] eq 'Labour/Deep' } @{ $imap->list('', '*') }), 'with its child');
ok($imap->delete('Labour/Deep'), 'delete');
ok($imap->logout, 'logout');
done_testing();
