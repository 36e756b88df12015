"""Every way a call can fail, in LeanCloud's numbers and words.

    SignetError
    ├── Unauthorized            401
    ├── NotFound                1   (HTTP 404)
    ├── Unavailable             1   (HTTP 503)
    ├── MalformedBody           107
    ├── BadParameter            1
    ├── Missing                 101 (HTTP 404)
    ├── KeyInvalid              105
    ├── KeyReadOnly             117
    ├── FeatureDisabled         119
    ├── EmailInvalid            125
    ├── PhoneInvalid            127
    ├── NameTaken               137
    ├── DailyCapReached         154
    ├── BalanceTooLow           160
    ├── UsernameMissing         200
    ├── PasswordMissing         201
    ├── UsernameTaken           202
    ├── EmailTaken              203
    ├── SessionMissing          206 (HTTP 403)
    ├── PasswordMismatch        210
    ├── UserNotFound            211
    ├── PhoneMissing            212
    ├── PhoneUnknown            213
    ├── PhoneTaken              214
    ├── PhoneNotVerified        215
    ├── UsernameInvalid         217
    ├── PasswordInvalid         218
    ├── NoEffect                305
    ├── NotPermitted            403 (HTTP 403)
    ├── InternationalDisabled   1
    ├── SignatureInvalid        600
    ├── LimitReached
    │   ├── TooFast             1
    │   ├── TooFrequent         601
    │   ├── TooManyAttempts     429 (HTTP 429)
    │   └── AccountLocked       219
    ├── CodeInvalid             603
    ├── TemplateNotFound        604
    ├── TemplateNotVerified     605
    ├── SignatureNotVerified    605
    ├── TemplateNotRendered     606
    ├── CaptchaMissing          608
    └── CaptchaWrong            1

Codes, sentences and statuses: wire.md 11. Rules raise these; `edge/http.py` turns them into
replies and is the only place that knows what a reply looks like.
"""

from collections.abc import Mapping
from typing import ClassVar


class SignetError(Exception):
    """A refusal the caller is told about.

    `code` is LeanCloud's integer, `status` the HTTP status, `text` the documented sentence and
    `text_zh` the one LeanCloud's Chinese nodes answer, where one was observed.
    """

    code: ClassVar[int] = 1
    status: ClassVar[int] = 400
    text: ClassVar[str] = "Internal server error. No information available."
    text_zh: ClassVar[str | None] = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after: int | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> None:
        """`detail` replaces the sentence; `retry_after` is in whole seconds.

        `fields` stand in the reply beside `code` and `error`.
        """
        super().__init__(detail or self.text)
        self.detail = detail
        self.retry_after = retry_after
        self.fields = fields or {}

    def sentence(self, language: str) -> str:
        """The sentence to show, in `language` ("zh" or "en")."""
        if self.detail is not None:
            return self.detail
        return self.text_zh or self.text if language == "zh" else self.text


class Unauthorized(SignetError):
    """Missing or wrong credentials (wire.md 2.1)."""

    code = 401
    status = 401
    text = "Unauthorized."


class NotFound(SignetError):
    """A path that is not part of Signet, or that holds a dot segment (review.md 1.3)."""

    status = 404
    text = "This path is not part of Signet."


class Unavailable(SignetError):
    """Something Signet needs does not answer, or is contended; a retry may help."""

    status = 503
    text = "Temporarily unavailable, please try again."


class MalformedBody(SignetError):
    """The body is not a JSON object."""

    code = 107
    text = "Malformed json object. A json dictionary is expected."


class BadParameter(SignetError):
    """A parameter is of the wrong type or out of range; the sentence names it."""


class Missing(SignetError):
    """There is no such object for this caller."""

    code = 101
    status = 404
    text = "Object doesn't exist."


class KeyInvalid(SignetError):
    """An attribute of a user with a name that no attribute can have."""

    code = 105
    text = "Invalid key name."


class KeyReadOnly(SignetError):
    """An attribute that only Signet, or the master key, may set."""

    code = 117
    text = "The key is read only."


class NotPermitted(SignetError):
    """The caller is who it says, and this call is not for such callers."""

    code = 403
    status = 403
    text = "This call is not permitted with these credentials."
    text_zh = "当前身份无权进行此操作。"


class NameTaken(SignetError):
    """The id is given to something else already."""

    code = 137
    text = "A unique field was given a value that is already taken."


class NoEffect(SignetError):
    """The object is in a state that does not allow this; somebody else was first, perhaps."""

    code = 305
    text = "No effect on updating/deleting a document."


class DailyCapReached(SignetError):
    """The app's own cap on a day's spending."""

    code = 154
    text = "Exceeded an application threshold setting."
    text_zh = "已达到应用设置的单日短信消费上限。"


class BalanceTooLow(SignetError):
    """The balance does not pay for this message."""

    code = 160
    text = "Insufficient balance."
    text_zh = "余额不足。"


class FeatureDisabled(SignetError):
    """A switch of the app is off."""

    code = 119
    text = "That operation isn't allowed for clients."


class EmailInvalid(SignetError):
    """Not an e-mail address."""

    code = 125
    text = "The email address was invalid."


class UsernameMissing(SignetError):
    """No username was given where one is needed."""

    code = 200
    text = "Username is missing or empty."


class PasswordMissing(SignetError):
    """No password was given where one is needed."""

    code = 201
    text = "Password is missing or empty."


class UsernameTaken(SignetError):
    """Another user of the app has the username."""

    code = 202
    text = "Username has already been taken."


class EmailTaken(SignetError):
    """Another user of the app has the e-mail address."""

    code = 203
    text = "Email has already been taken."


class SessionMissing(SignetError):
    """Only the user, with a session, or the master key may do this."""

    code = 206
    status = 403
    text = "The user cannot be altered by a client without the session."


class PasswordMismatch(SignetError):
    """The password is not this user's."""

    code = 210
    text = "The username and password mismatch."


class UserNotFound(SignetError):
    """There is no such user, or the session token is nobody's."""

    code = 211
    text = "Could not find user."


class PhoneUnknown(SignetError):
    """No user of the app has the number."""

    code = 213
    text = "An user with the specified mobile phone number was not found."


class PhoneTaken(SignetError):
    """Another user of the app has the number."""

    code = 214
    text = "Mobile phone number has already been taken."


class PhoneNotVerified(SignetError):
    """The user has not proved to have the number, and this needs that."""

    code = 215
    text = "Mobile phone number isn't verified."


class UsernameInvalid(SignetError):
    """A username that is blank, too long or no text."""

    code = 217
    text = "Invalid username, it must be a non-blank string."


class PasswordInvalid(SignetError):
    """A password that is blank, too long or no text."""

    code = 218
    text = "Invalid password, it must be a non-blank string."


class PhoneInvalid(SignetError):
    """Not a number that can receive an SMS."""

    code = 127
    text = "The mobile phone number was invalid."
    text_zh = "无效的手机号码。"


class PhoneMissing(SignetError):
    """No number was given."""

    code = 212
    text = "The mobile phone number is missing, and must be specified."


class InternationalDisabled(SignetError):
    """A number outside +86 while the app's international switch is off."""

    text = "International SMS is disabled, please enable it in console."


class SignatureInvalid(SignetError):
    """The app has no signature of that name."""

    code = 600
    text = "Invalid SMS signature."
    text_zh = "短信签名无效。"


class LimitReached(SignetError):
    """A sending limit of wire.md 12.1; `retry_after` says when the next send is allowed."""


class TooFast(LimitReached):
    """Limit A: one send per app and phone in ten seconds."""

    text = "SMS request too fast(1 request per 10s)."


class TooFrequent(LimitReached):
    """Limits B to E, counted per signature and phone."""

    code = 601
    text = "Can't send SMS too frequently."
    text_zh = "发送短信过快，请稍后重试。"


class TooManyAttempts(LimitReached):
    """Sign-ins to the console from one address, or codes without a phone (wire.md 13.2)."""

    code = 429
    status = 429
    text = "Too many requests."


class AccountLocked(LimitReached):
    """More than six failed logins within a quarter of an hour (wire.md 12.4)."""

    code = 219
    text = (
        "You have exceeded the maximum number of login attempts, please try again later, "
        "or consider resetting your password."
    )
    text_zh = "登录失败次数超过限制，请稍候再试，或者通过忘记密码重设密码。"


class CodeInvalid(SignetError):
    """Wrong, expired, replaced or used; which of them is nobody's business."""

    code = 603
    text = "Invalid SMS code."
    text_zh = "无效的短信验证码"


class TemplateNotFound(SignetError):
    """The app has no template of that name."""

    code = 604
    text = "SMS template not found."


class SignatureNotVerified(SignetError):
    """The signature is not approved, or the app has no default one."""

    code = 605
    text = "SMS sign not verified"


class TemplateNotVerified(SignetError):
    """The template is there, but no version of it is approved."""

    code = 605
    text = "SMS template not verified."


class TemplateNotRendered(SignetError):
    """The template and the values given do not make a text; the sentence says why."""

    code = 606
    text = "Fails to render SMS template."


class CaptchaMissing(SignetError):
    """The app wants a validate_token with every send by a client."""

    code = 608
    text = "Missing validate token."


class CaptchaWrong(SignetError):
    """Not the answer, or to a challenge that is over, judged already, forged or another app's."""

    text = "The captcha code is wrong or has expired."
    text_zh = "验证码错误或已过期。"
