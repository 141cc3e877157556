<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="vi" sourcelanguage="en">
<context><name>QWidgetTextControl</name>
<message><source>&amp;Undo</source><translation>&amp;Hoàn tác</translation></message>
<message><source>&amp;Redo</source><translation>&amp;Làm lại</translation></message>
<message><source>Cu&amp;t</source><translation>&amp;Cắt</translation></message>
<message><source>&amp;Copy</source><translation>&amp;Sao chép</translation></message>
<message><source>Copy &amp;Link Location</source><translation>Sao chép địa chỉ &amp;liên kết</translation></message>
<message><source>&amp;Paste</source><translation>&amp;Dán</translation></message>
<message><source>Delete</source><translation>Xóa</translation></message>
<message><source>Select All</source><translation>Chọn tất cả</translation></message>
</context>
<context><name>QLineEdit</name>
<message><source>&amp;Undo</source><translation>&amp;Hoàn tác</translation></message>
<message><source>&amp;Redo</source><translation>&amp;Làm lại</translation></message>
<message><source>Cu&amp;t</source><translation>&amp;Cắt</translation></message>
<message><source>&amp;Copy</source><translation>&amp;Sao chép</translation></message>
<message><source>&amp;Paste</source><translation>&amp;Dán</translation></message>
<message><source>Delete</source><translation>Xóa</translation></message>
<message><source>Select All</source><translation>Chọn tất cả</translation></message>
</context>
<context><name>QUnicodeControlCharacterMenu</name>
<message><source>Insert Unicode control character</source><translation>Chèn ký tự điều khiển Unicode</translation></message>
</context>
<context><name>QScrollBar</name>
<message><source>Scroll here</source><translation>Cuộn đến đây</translation></message>
<message><source>Top</source><translation>Đầu</translation></message>
<message><source>Bottom</source><translation>Cuối</translation></message>
<message><source>Left edge</source><translation>Mép trái</translation></message>
<message><source>Right edge</source><translation>Mép phải</translation></message>
<message><source>Page up</source><translation>Lên một trang</translation></message>
<message><source>Page down</source><translation>Xuống một trang</translation></message>
<message><source>Page left</source><translation>Sang trái một trang</translation></message>
<message><source>Page right</source><translation>Sang phải một trang</translation></message>
<message><source>Scroll up</source><translation>Cuộn lên</translation></message>
<message><source>Scroll down</source><translation>Cuộn xuống</translation></message>
<message><source>Scroll left</source><translation>Cuộn sang trái</translation></message>
<message><source>Scroll right</source><translation>Cuộn sang phải</translation></message>
</context>
<context><name>QPlatformTheme</name>
<message><source>OK</source><translation>Đồng ý</translation></message>
<message><source>Save</source><translation>Lưu</translation></message>
<message><source>Open</source><translation>Mở</translation></message>
<message><source>&amp;Yes</source><translation>&amp;Có</translation></message>
<message><source>&amp;No</source><translation>&amp;Không</translation></message>
<message><source>Retry</source><translation>Thử lại</translation></message>
<message><source>Close</source><translation>Đóng</translation></message>
<message><source>Cancel</source><translation>Thôi</translation></message>
<message><source>Discard</source><translation>Bỏ</translation></message>
<message><source>Help</source><translation>Trợ giúp</translation></message>
<message><source>Apply</source><translation>Áp dụng</translation></message>
<message><source>Reset</source><translation>Đặt lại</translation></message>
</context>
<context><name>QTabBar</name>
<message><source>Scroll Left</source><translation>Cuộn sang trái</translation></message>
<message><source>Scroll Right</source><translation>Cuộn sang phải</translation></message>
</context>
<context><name>CloseButton</name>
<message><source>Close Tab</source><translation>Đóng thẻ</translation></message>
</context>
</TS>
